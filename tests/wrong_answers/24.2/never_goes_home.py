"""Does not look at what work returns.

expects: WRONG
says: order 6, order 7 was worked all the same
says: must hold: consume ends when work has returned False
"""

def consume(ch, queue, work):
    for method, _, body in ch.consume(queue):
        work(body)
        ch.basic_ack(method.delivery_tag)
    ch.cancel()
