"""Acknowledges every third time, all up to here: faster, and a crash repeats what was done since.

expects: WRONG duplicated
says: worker 1 was killed when order 3 was delivered and not worked
says: duplicated: 2 of 7 messages: order 1, order 2
"""

def consume(ch, queue, work):
    for method, _, body in ch.consume(queue):
        go_on = work(body)
        if not go_on or method.delivery_tag % 3 == 0:
            ch.basic_ack(method.delivery_tag, multiple=True)
        if not go_on:
            break
    ch.cancel()
