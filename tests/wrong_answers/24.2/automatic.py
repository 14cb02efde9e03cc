"""Lets the broker acknowledge everything as soon as it is sent.

expects: WRONG lost
says: order 6, order 7
says: hint 1 of 3
"""

def consume(ch, queue, work):
    for method, _, body in ch.consume(queue, auto_ack=True):
        if not work(body):
            break
    ch.cancel()
