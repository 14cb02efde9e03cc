"""Acknowledges in a finally, and so also when work raises.

expects: WRONG lost
says: the work on order 3 raised MailProviderDown, the first time
says: lost: 1 of 7 messages: order 3
"""

def consume(ch, queue, work):
    for method, _, body in ch.consume(queue):
        try:
            go_on = work(body)
        finally:
            ch.basic_ack(method.delivery_tag)
        if not go_on:
            break
    ch.cancel()
