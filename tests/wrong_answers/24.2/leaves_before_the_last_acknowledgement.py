"""Goes home when work says so, and forgets to acknowledge that last message.

expects: WRONG duplicated
says: duplicated: 1 of 7 messages: order 5
says: hint 3 of 3
"""

def consume(ch, queue, work):
    for method, _, body in ch.consume(queue):
        if not work(body):
            break
        ch.basic_ack(method.delivery_tag)
    ch.cancel()
