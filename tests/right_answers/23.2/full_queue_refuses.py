"""An alternate whose queue is bounded, and refuses what it has no room for: then publish raises, and nothing is silently gone."""


def publisher(ch, exchange):
    ch.exchange_declare("unrouted", "headers", durable=True)
    ch.queue_declare("unrouted", durable=True, arguments={"x-max-length": 100_000, "x-overflow": "reject-publish"})
    ch.queue_bind("unrouted", "unrouted", arguments={"x-match": "all"})
    ch.exchange_declare(exchange, "topic", durable=True, arguments={"alternate-exchange": "unrouted"})
    return lambda key, properties, body: ch.basic_publish(exchange, key, body, properties)
