"""Acknowledges before the work is done.

expects: WRONG lost
says: worker 1 was killed when order 1 was delivered and not worked
"""

def consume(ch, queue, work):
    for method, _, body in ch.consume(queue):
        ch.basic_ack(method.delivery_tag)
        if not work(body):
            break
    ch.cancel()
