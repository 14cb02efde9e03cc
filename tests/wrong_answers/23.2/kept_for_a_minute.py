"""Keeps messages for a minute; nobody looks that often.

expects: WRONG
says: the queue 'unrouted' is there, and it throws away what has waited for 60000 ms
"""


def publisher(ch, exchange):
    ch.exchange_declare("unrouted", "fanout", durable=True)
    ch.queue_declare("unrouted", durable=True, arguments={"x-message-ttl": 60_000})
    ch.queue_bind("unrouted", "unrouted")
    ch.exchange_declare(exchange, "topic", durable=True, arguments={"alternate-exchange": "unrouted"})

    def publish(key, properties, body):
        ch.basic_publish(exchange, key, body, properties)

    return publish
