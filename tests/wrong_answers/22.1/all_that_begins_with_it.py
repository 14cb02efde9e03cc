"""Binds `key.#`: what begins with the key and goes on is another event.

expects: WRONG unwanted
"""


def subscribe(ch, service, *keys):
    ch.exchange_declare("events", "topic", durable=True)
    ch.queue_declare(service, durable=True)
    for key in keys:
        ch.queue_bind(service, "events", key + ".#")
