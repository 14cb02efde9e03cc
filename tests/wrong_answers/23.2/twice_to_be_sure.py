"""Has an alternate exchange, and publishes what nobody wants a second time to be sure.

expects: WRONG duplicated
says: event 2 (oder.placed.de) for unrouted
"""
from pika.exceptions import UnroutableError


def matched(key):
    return key.split(".")[0] in ("order", "contract")


def publisher(ch, exchange):
    ch.exchange_declare(exchange, "topic", durable=True, arguments={"alternate-exchange": "unrouted"})
    ch.exchange_declare("unrouted", "fanout", durable=True)
    ch.queue_declare("unrouted", durable=True)
    ch.queue_bind("unrouted", "unrouted")

    def publish(key, properties, body):
        try:
            ch.basic_publish(exchange, key, body, properties, mandatory=True)
        except UnroutableError:
            pass
        if not matched(key):
            ch.basic_publish("unrouted", key, body, properties)

    return publish
