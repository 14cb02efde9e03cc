"""Passes over a message whose work raised, and keeps it unacknowledged until the connection ends.

expects: WRONG
says: the work on order 3 raised MailProviderDown, the first time
says: consume went on and returned as if nothing had happened
"""

def consume(ch, queue, work):
    for method, _, body in ch.consume(queue):
        try:
            go_on = work(body)
        except Exception:
            continue
        ch.basic_ack(method.delivery_tag)
        if go_on is False:
            break
    ch.cancel()
