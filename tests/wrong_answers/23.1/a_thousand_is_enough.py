"""Bounds the queues, and the broker throws away the oldest when one is full.

expects: WRONG
says: it throws away the oldest when it is full (max-length 1000)
"""


def bind(ch, queue, *patterns):
    ch.queue_declare(queue, durable=True, arguments={"x-max-length": 1_000})
    for pattern in patterns:
        ch.queue_bind(queue, "events", pattern)


def bind_all(ch):
    bind(ch, "invoices", "order.placed.#", "order.cancelled.#")
    bind(ch, "contracts", "contract.#")
    bind(ch, "fraudscore", "*.*.nl.#", "payment.failed.#")
    bind(ch, "support", "*.cancelled.#")
    bind(ch, "partners", "partner.#", "#.partner")
