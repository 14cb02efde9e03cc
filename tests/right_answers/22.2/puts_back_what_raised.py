"""Gives an event back by itself when its handle has raised, and raises the same.
"""

import json


def one(ch, service, handle):
    delivery, properties, body = ch.basic_get(service)
    if delivery is None:
        return False
    try:
        handle(properties.type, json.loads(body.decode()))
    except BaseException:
        ch.basic_reject(delivery.delivery_tag, requeue=True)
        raise
    ch.basic_ack(delivery.delivery_tag)
    return True


def catch_up(ch, service, handle):
    return sum(iter(lambda: one(ch, service, handle), False))
