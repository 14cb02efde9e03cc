"""Puts a message whose work raised back into the queue itself, and lets the exception out."""

def consume(ch, queue, work):
    for method, _, body in ch.consume(queue):
        try:
            go_on = work(body)
        except Exception:
            ch.basic_nack(method.delivery_tag, requeue=True)
            raise
        ch.basic_ack(method.delivery_tag)
        if not go_on:
            break
    ch.cancel()
