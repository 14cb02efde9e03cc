"""Declares the exchange when the first message is published: until then no service can bind its queue.

expects: WRONG
says: there is no exchange 'happenings'
"""


def publisher(ch, exchange):
    def publish(key, properties, body):
        ch.exchange_declare("unrouted", "fanout", durable=True)
        ch.queue_declare("unrouted", durable=True)
        ch.queue_bind("unrouted", "unrouted")
        ch.exchange_declare(exchange, "topic", durable=True, arguments={"alternate-exchange": "unrouted"})
        ch.basic_publish(exchange, key, body, properties)

    return publish
