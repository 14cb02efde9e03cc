"""What the checks of part 2 share: queues and messages as they stand on a trial's RabbitMQ, seen over AMQP.

(What the management API counts lags behind by seconds.)
"""

from typing import NamedTuple

from pika.exceptions import ChannelClosedByBroker


class Look(NamedTuple):
    """How many messages wait in a queue, without those that a consumer holds, and how many consumers it has."""

    ready: int
    consumers: int


def channel(trial):
    """The check's own channel, in confirm mode: what it has published is in the queues when the call returns."""
    ch = trial.connect().channel()
    ch.confirm_delivery()
    return ch


def empty_queue(ch, name, *bodies, **arguments):
    """An empty durable queue with these messages in it; arguments: x_max_length=1 is the queue's x-max-length."""
    ch.queue_delete(name)
    ch.queue_declare(name, durable=True, arguments={key.replace("_", "-"): value for key, value in arguments.items()})
    for body in bodies:
        ch.basic_publish("", name, body)
    return name


def look(ch, name):
    """A `Look` at a queue; None when there is none, and when only its owner may see what is in it."""
    looking = ch.connection.channel()  # which the broker closes when there is none
    try:
        declared = looking.queue_declare(name, passive=True).method
    except ChannelClosedByBroker:
        return None
    looking.close()
    return Look(declared.message_count, declared.consumer_count)


def ready(ch, name):
    """How many messages wait in a queue that is there: what this channel has sent before is done by then."""
    return ch.queue_declare(name, passive=True).method.message_count


def drain(ch, name):
    """Take all that waits out of a queue: (method, properties, body) of each; nothing when there is no such queue."""
    found = []
    if look(ch, name) is not None:
        while (got := ch.basic_get(name, auto_ack=True))[0]:
            found.append(got)
    return found
