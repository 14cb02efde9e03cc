"""Asks for one message at a time, and has it acknowledged while it is handed over.

expects: WRONG lost
says: worker 1 was killed when order 1 was delivered and not worked
"""

def consume(ch, queue, work):
    go_on = True
    while go_on:
        method, _, body = ch.basic_get(queue, auto_ack=True)
        if method is None:
            ch.connection.sleep(0.01)
        else:
            go_on = work(body)
