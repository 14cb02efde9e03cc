"""The alternate is a topic exchange with one queue that is bound for everything, and only the broker may publish to it.
"""


def publisher(ch, exchange):
    ch.exchange_declare("unrouted", "topic", durable=True, internal=True)
    ch.queue_declare("unrouted", durable=True)
    ch.queue_bind("unrouted", "unrouted", "#")
    ch.exchange_declare(exchange, "topic", durable=True, arguments={"alternate-exchange": "unrouted"})
    return lambda key, properties, body: ch.basic_publish(exchange, key, body, properties)
