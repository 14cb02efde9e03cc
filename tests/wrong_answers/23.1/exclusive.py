"""Makes queues that belong to one connection, and go with it.

expects: WRONG
says: there was no queue 'invoices'; there was none at all
says: hint 3 of 3
"""


def bind(ch, queue, *patterns):
    ch.queue_declare(queue, exclusive=True)
    for pattern in patterns:
        ch.queue_bind(queue, "events", pattern)


def bind_all(ch):
    bind(ch, "invoices", "order.placed.#", "order.cancelled.#")
    bind(ch, "contracts", "contract.#")
    bind(ch, "fraudscore", "*.*.nl.#", "payment.failed.#")
    bind(ch, "support", "*.cancelled.#")
    bind(ch, "partners", "partner.#", "#.partner")
