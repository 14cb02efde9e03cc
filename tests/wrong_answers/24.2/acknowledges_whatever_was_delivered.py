"""Acknowledges with tag 0, which means all that was delivered, worked or not.

expects: WRONG lost
says: order 6, order 7
"""

def consume(ch, queue, work):
    for method, _, body in ch.consume(queue):
        go_on = work(body)
        ch.basic_ack(0, multiple=True)
        if not go_on:
            return
