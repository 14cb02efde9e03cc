"""The queue unrouted deletes itself when nobody has used it for a day.

expects: WRONG
says: the queue 'unrouted' is there, and it deletes itself when nobody has used it for 86400000 ms
"""


def publisher(ch, exchange):
    ch.exchange_declare("unrouted", "fanout", durable=True)
    ch.queue_declare("unrouted", durable=True, arguments={"x-expires": 86_400_000})
    ch.queue_bind("unrouted", "unrouted")
    ch.exchange_declare(exchange, "topic", durable=True, arguments={"alternate-exchange": "unrouted"})

    def publish(key, properties, body):
        ch.basic_publish(exchange, key, body, properties)

    return publish
