"""Takes a moment in which nothing comes for the end of the work.

expects: WRONG
says: the queue was empty for a while
says: consume returned before an order came
says: an empty queue is no reason to leave
"""

def consume(ch, queue, work):
    for method, _, body in ch.consume(queue, inactivity_timeout=0.1):
        if method is None:
            break
        go_on = work(body)
        ch.basic_ack(method.delivery_tag)
        if go_on is False:
            break
    ch.cancel()
