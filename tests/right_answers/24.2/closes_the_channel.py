"""Closes its channel in the end, which cancels the consumer and gives back what it was handed."""

def consume(ch, queue, work):
    ch.basic_qos(prefetch_count=3)
    messages = ch.consume(queue)
    method, _, body = next(messages)
    while work(body) is not False:
        ch.basic_ack(method.delivery_tag)
        method, _, body = next(messages)
    ch.basic_ack(method.delivery_tag)
    ch.close()
