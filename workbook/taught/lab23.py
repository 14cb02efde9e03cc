"""What lab 23 teaches, as later labs, workers and benchmarks import it.

Built from solutions/23-topic-routing.py by `python3 -m workbook build`: change it there.
"""

from workbook.taught.lab22 import subscribe

# Taught in labs/23-topic-routing.ipynb, cell 23-019: Patterns
def matches(pattern, key):
    """Whether a binding with `pattern` takes a message with `key`, by the rule of topic exchanges."""

    def match(signs, words):
        if not signs:
            return not words
        if signs[0] == "#":
            return match(signs[1:], words) or bool(words) and match(signs, words[1:])
        return bool(words) and signs[0] in ("*", words[0]) and match(signs[1:], words[1:])

    return match(pattern.split("."), key.split(".") if key else [])


# Taught in labs/23-topic-routing.ipynb, cell 23-037: Exercise 23.1: bind_all
def bind_all(ch):
    """Declare and bind the queues of the five services.

    invoices     orders placed, orders cancelled
    contracts    everything about contracts
    fraudscore   everything in nl (the third word); payments that failed, wherever
    support      whatever was cancelled (the second word)
    partners     everything about partners; everything whose last word is partner
    """
    subscribe(ch, "invoices", "order.placed.#", "order.cancelled.#")
    subscribe(ch, "contracts", "contract.#")
    subscribe(ch, "fraudscore", "*.*.nl.#", "payment.failed.#")
    subscribe(ch, "support", "*.cancelled.#")
    subscribe(ch, "partners", "partner.#", "#.partner")


# Taught in labs/23-topic-routing.ipynb, cell 23-044: Exercise 23.2: publisher
def publisher(ch, exchange):
    """A function publish(key, properties, body), for the topic exchange of this name, by which nothing is silently gone.

    What no queue is bound for is kept in the queue `unrouted`, as it was published, and nothing else is.
    """
    ch.exchange_declare("unrouted", "fanout", durable=True)
    ch.queue_declare("unrouted", durable=True)
    ch.queue_bind("unrouted", "unrouted")
    ch.exchange_declare(exchange, "topic", durable=True, arguments={"alternate-exchange": "unrouted"})

    def publish(key, properties, body):
        ch.basic_publish(exchange, key, body, properties)

    return publish


# How many values each prediction has: `predict` says so when another number is given.
PREDICTED = {
    "23.p1": 12,
    "23.p2": 3,
    "23.p3": 2,
}
