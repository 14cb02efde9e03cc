"""Keeps the last twenty.

expects: WRONG
says: the queue 'unrouted' is there, and it throws away the oldest when it is full (max-length 20)
"""


def publisher(ch, exchange):
    ch.exchange_declare("unrouted", "fanout", durable=True)
    ch.queue_declare("unrouted", durable=True, arguments={"x-max-length": 20})
    ch.queue_bind("unrouted", "unrouted")
    ch.exchange_declare(exchange, "topic", durable=True, arguments={"alternate-exchange": "unrouted"})

    def publish(key, properties, body):
        ch.basic_publish(exchange, key, body, properties)

    return publish
