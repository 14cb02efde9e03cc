"""A callback and a loop of its own around process_data_events; the callback cancels the consumer at the end."""

def consume(ch, queue, work):
    state = {"go on": True}

    def on_message(channel, method, _, body):
        state["go on"] = work(body)
        channel.basic_ack(method.delivery_tag)
        if not state["go on"]:
            channel.basic_cancel(method.consumer_tag)

    ch.basic_qos(prefetch_count=1)
    ch.basic_consume(queue, on_message)
    while state["go on"]:
        ch.connection.process_data_events(time_limit=0.1)
