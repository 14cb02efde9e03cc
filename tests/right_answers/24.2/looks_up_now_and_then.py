"""The iterator with an inactivity time-out, and acknowledgements that settle all up to this one."""

def consume(ch, queue, work):
    for method, _, body in ch.consume(queue, inactivity_timeout=0.05):
        if method is None:
            continue
        go_on = work(body)
        ch.basic_ack(method.delivery_tag, multiple=True)
        if not go_on:
            ch.cancel()
            return
