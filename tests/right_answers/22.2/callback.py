"""A callback, served until the queue is empty and nothing is in hand; then the consumer is cancelled.
"""

import json


def catch_up(ch, service, handle):
    handled = []

    def on_event(channel, delivery, properties, body):
        handle(properties.type, json.loads(body))
        channel.basic_ack(delivery.delivery_tag)
        handled.append(delivery.delivery_tag)

    ch.basic_qos(prefetch_count=1)
    consumer = ch.basic_consume(service, on_event)
    while True:
        before = len(handled)
        ch.connection.process_data_events(time_limit=0.05)
        if len(handled) == before and ch.queue_declare(service, passive=True).method.message_count == 0:
            break
    ch.basic_cancel(consumer)
    return len(handled)
