"""Registers a callback with basic_consume, and stops consuming from inside it."""

def consume(ch, queue, work):
    def on_message(channel, method, properties, body):
        go_on = work(body)
        channel.basic_ack(delivery_tag=method.delivery_tag)
        if not go_on:
            channel.stop_consuming()

    ch.basic_qos(prefetch_count=10)
    ch.basic_consume(queue=queue, on_message_callback=on_message)
    ch.start_consuming()
