"""Empties the queue when it starts: what the last publisher kept is gone.

expects: WRONG lost
says: event 2 (oder.placed.de) for unrouted
says: three more publishers were opened
"""


def publisher(ch, exchange):
    ch.exchange_declare("unrouted", "fanout", durable=True)
    ch.queue_declare("unrouted", durable=True)
    ch.queue_bind("unrouted", "unrouted")
    ch.exchange_declare(exchange, "topic", durable=True, arguments={"alternate-exchange": "unrouted"})
    ch.queue_purge("unrouted")

    def publish(key, properties, body):
        ch.basic_publish(exchange, key, body, properties)

    return publish
