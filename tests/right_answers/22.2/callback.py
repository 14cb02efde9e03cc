"""A callback; after each idle moment the consumer is cancelled, which gives back what it had in hand, and the queue looked at.
"""

import json


def catch_up(ch, service, handle):
    handled = []

    def on_event(channel, delivery, properties, body):
        handle(properties.type, json.loads(body))
        channel.basic_ack(delivery.delivery_tag)
        handled.append(delivery.delivery_tag)

    ch.basic_qos(prefetch_count=1)
    left = True
    while left:
        consumer = ch.basic_consume(service, on_event)
        before = -1
        try:
            while before < len(handled):
                before = len(handled)
                ch.connection.process_data_events(time_limit=0.05)
        except BaseException:
            ch.basic_cancel(consumer)
            ch.basic_nack(multiple=True)
            raise
        ch.basic_cancel(consumer)
        left = ch.queue_declare(service, passive=True).method.message_count
    return len(handled)
