"""Takes the mark of a redelivery for the mark of work done, and acknowledges such a message without working it.

expects: WRONG lost
says: worker 1 was killed when order 1 was delivered and not worked; a second run took over
says: hint 1 of 3
"""

def consume(ch, queue, work):
    more = True
    for method, _, body in ch.consume(queue):
        if not method.redelivered:
            more = work(body)
        ch.basic_ack(method.delivery_tag)
        if more is False:
            break
    ch.cancel()
