"""Leaves the loop and not the queue: its consumer keeps what it was handed until the connection closes.

expects: WRONG
says: consume returned, and the broker still hands its channel what waits
says: must hold: when consume has returned, nobody consumes on its channel
says: hint 3 of 3
"""

def consume(ch, queue, work):
    ch.basic_qos(prefetch_count=1)
    for method, _, body in ch.consume(queue):
        go_on = work(body)
        ch.basic_ack(method.delivery_tag)
        if go_on is False:
            break
