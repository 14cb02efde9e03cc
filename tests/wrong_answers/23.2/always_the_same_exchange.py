"""Publishes to the exchange of the lab, whatever name it is given.

expects: WRONG
says: there is no exchange 'happenings'
"""


def publisher(ch, exchange):
    ch.exchange_declare("unrouted", "fanout", durable=True)
    ch.queue_declare("unrouted", durable=True)
    ch.queue_bind("unrouted", "unrouted")
    ch.exchange_declare("events", "topic", durable=True, arguments={"alternate-exchange": "unrouted"})

    def publish(key, properties, body):
        ch.basic_publish("events", key, body, properties)

    return publish
