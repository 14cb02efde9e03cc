"""Asks for unroutable messages to come back, and lets the exception stop the checkout.

expects: YOUR CODE RAISED
says: UnroutableError
says: given: publish('oder.placed.de', properties,
"""


def publisher(ch, exchange):
    ch.exchange_declare(exchange, "topic", durable=True)
    ch.queue_declare("unrouted", durable=True)

    def publish(key, properties, body):
        ch.basic_publish(exchange, key, body, properties, mandatory=True)

    return publish
