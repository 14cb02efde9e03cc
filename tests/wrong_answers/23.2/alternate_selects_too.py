"""The alternate exchange is a direct one: it looks at the key, and no queue is bound for it there either.

expects: WRONG lost
says: event 2 (oder.placed.de) for unrouted
says: hint 1 of 3
"""


def publisher(ch, exchange):
    ch.exchange_declare("unrouted", "direct", durable=True)
    ch.queue_declare("unrouted", durable=True)
    ch.queue_bind("unrouted", "unrouted")
    ch.exchange_declare(exchange, "topic", durable=True, arguments={"alternate-exchange": "unrouted"})

    def publish(key, properties, body):
        ch.basic_publish(exchange, key, body, properties)

    return publish
