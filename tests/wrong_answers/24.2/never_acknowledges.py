"""Never acknowledges: everything comes back when the connection ends.

expects: WRONG duplicated
says: duplicated: 5 of 7 messages
"""

def consume(ch, queue, work):
    for method, _, body in ch.consume(queue):
        if not work(body):
            break
    ch.cancel()
