"""Puts a message whose work raised back into the queue and goes on: nobody is told that work fails.

expects: WRONG
says: the work on order 3 raised MailProviderDown, the first time
says: consume went on and returned as if nothing had happened
says: must hold: what work raises comes out of consume
"""

def consume(ch, queue, work):
    for method, _, body in ch.consume(queue):
        try:
            go_on = work(body)
        except Exception:
            ch.basic_nack(method.delivery_tag, requeue=True)
            continue
        ch.basic_ack(method.delivery_tag)
        if go_on is False:
            break
    ch.cancel()
