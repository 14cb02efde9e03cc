"""Lets messages live for a minute: a service that is away for longer misses them.

expects: WRONG
says: it throws away what has waited for 60000 ms
says: hint 3 of 3
"""


def bind(ch, queue, *patterns):
    ch.queue_declare(queue, durable=True, arguments={"x-message-ttl": 60_000})
    for pattern in patterns:
        ch.queue_bind(queue, "events", pattern)


def bind_all(ch):
    bind(ch, "invoices", "order.placed.#", "order.cancelled.#")
    bind(ch, "contracts", "contract.#")
    bind(ch, "fraudscore", "*.*.nl.#", "payment.failed.#")
    bind(ch, "support", "*.cancelled.#")
    bind(ch, "partners", "partner.#", "#.partner")
