"""Asks with basic_get, and serves the connection for a moment when nothing waits."""

def consume(ch, queue, work):
    go_on = True
    while go_on:
        method, _, body = ch.basic_get(queue)
        if method is None:
            ch.connection.sleep(0.01)
            continue
        go_on = work(body)
        ch.basic_ack(method.delivery_tag)
