"""Takes each binding away and makes it again: in between, the service gets nothing.

expects: WRONG lost
says: bind_all was called once more, and its connection broke at its first queue_bind
says: for invoices
says: hint 3 of 3
"""


def bind(ch, queue, *patterns):
    ch.queue_declare(queue, durable=True)
    for pattern in patterns:
        ch.queue_unbind(queue, "events", pattern)
        ch.queue_bind(queue, "events", pattern)


def bind_all(ch):
    bind(ch, "invoices", "order.placed.#", "order.cancelled.#")
    bind(ch, "contracts", "contract.#")
    bind(ch, "fraudscore", "*.*.nl.#", "payment.failed.#")
    bind(ch, "support", "*.cancelled.#")
    bind(ch, "partners", "partner.#", "#.partner")
