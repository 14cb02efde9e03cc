"""Moves the message with all its headers: its next failure is its last.

expects: WRONG
says: with the marks of their failures: attempts, reason, x-death
says: hint 3 of 3
"""

def redrive(ch, parked, queue):
    moved = 0
    for _ in range(ch.queue_declare(parked, passive=True).method.message_count):
        delivery, properties, body = ch.basic_get(parked)
        if delivery is None:
            break
        ch.basic_publish("", queue, body, properties, mandatory=True)
        ch.basic_ack(delivery.delivery_tag)
        moved += 1
    return moved
