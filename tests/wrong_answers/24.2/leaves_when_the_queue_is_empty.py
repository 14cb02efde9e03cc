"""Takes an empty queue for the end of the work.

expects: WRONG
says: the queue was empty for a while
says: consume returned before an order came
says: an empty queue is no reason to leave
"""

def consume(ch, queue, work):
    while True:
        method, _, body = ch.basic_get(queue)
        if method is None:
            return
        go_on = work(body)
        ch.basic_ack(method.delivery_tag)
        if not go_on:
            return
