"""Names a queue as the alternate, where the name of an exchange belongs; the broker doesn't complain.

expects: WRONG lost
says: event 2 (oder.placed.de) for unrouted
"""


def publisher(ch, exchange):
    ch.queue_declare("unrouted", durable=True)
    ch.exchange_declare(exchange, "topic", durable=True, arguments={"alternate-exchange": "unrouted"})

    def publish(key, properties, body):
        ch.basic_publish(exchange, key, body, properties)

    return publish
