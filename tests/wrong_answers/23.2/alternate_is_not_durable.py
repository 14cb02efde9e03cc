"""The alternate exchange is gone after a restart of the broker; the exchange then names one that is not there.

expects: WRONG
says: the exchange 'unrouted' is there, and it is not durable
"""


def publisher(ch, exchange):
    ch.exchange_declare("unrouted", "fanout")
    ch.queue_declare("unrouted", durable=True)
    ch.queue_bind("unrouted", "unrouted")
    ch.exchange_declare(exchange, "topic", durable=True, arguments={"alternate-exchange": "unrouted"})

    def publish(key, properties, body):
        ch.basic_publish(exchange, key, body, properties)

    return publish
