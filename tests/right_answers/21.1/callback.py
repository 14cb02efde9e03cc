"""A callback that is registered with basic_consume, and stops when it has had as many as waited."""

import json


def park(ch, properties, body, reason):
    properties.headers = {**(properties.headers or {}), "reason": reason}
    ch.queue_declare("parked", durable=True)
    ch.basic_publish("", "parked", body, properties)


def read(body):
    try:
        data = json.loads(body)
    except ValueError:
        return None
    return data if isinstance(data, dict) else None


def receive(ch, queue, handlers):
    handled, had = [], []
    waiting = ch.queue_declare(queue, durable=True).method.message_count

    def on_message(channel, method, properties, body):
        data, (function, needs) = read(body), handlers.get(properties.type, (None, None))
        absent = [field for field in needs or () if data is not None and field not in data]
        if function and data is not None and not absent:
            function(data)
            handled.append(method.delivery_tag)
        else:
            park(channel, properties, body, f"type {properties.type}, absent: {absent}")
        channel.basic_ack(method.delivery_tag)
        had.append(method.delivery_tag)
        if len(had) == waiting:
            channel.stop_consuming()

    ch.basic_qos(prefetch_count=1)
    if waiting:
        consumer = ch.basic_consume(queue, on_message)
        try:
            ch.start_consuming()
        finally:
            ch.basic_cancel(consumer)
    return len(handled)
