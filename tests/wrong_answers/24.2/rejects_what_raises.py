"""Rejects a message whose work raised, without requeueing it, in a queue that has no dead-letter exchange.

expects: WRONG lost
says: the work on order 3 raised MailProviderDown, the first time
"""

def consume(ch, queue, work):
    for method, _, body in ch.consume(queue):
        try:
            go_on = work(body)
        except Exception:
            ch.basic_reject(method.delivery_tag, requeue=False)
            continue
        ch.basic_ack(method.delivery_tag)
        if not go_on:
            break
    ch.cancel()
