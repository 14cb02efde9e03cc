"""Takes the binding of unrouted away and makes it again at each opening; in between, the others' messages are gone.

expects: WRONG lost
says: a publisher was at work while another was opened
says: event 44 (oder.placed.nl) for unrouted
"""


def publisher(ch, exchange):
    ch.exchange_declare("unrouted", "fanout", durable=True)
    ch.queue_declare("unrouted", durable=True)
    ch.queue_unbind("unrouted", "unrouted")
    ch.queue_bind("unrouted", "unrouted")
    ch.exchange_declare(exchange, "topic", durable=True, arguments={"alternate-exchange": "unrouted"})

    def publish(key, properties, body):
        ch.basic_publish(exchange, key, body, properties)

    return publish
