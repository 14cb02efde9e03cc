"""Has the queues delete themselves when their service stops for a moment.

expects: WRONG
says: the queue 'invoices' is there, and it deletes itself
says: hint 3 of 3
"""


def bind(ch, queue, *patterns):
    ch.queue_declare(queue, durable=True, auto_delete=True)
    for pattern in patterns:
        ch.queue_bind(queue, "events", pattern)


def bind_all(ch):
    bind(ch, "invoices", "order.placed.#", "order.cancelled.#")
    bind(ch, "contracts", "contract.#")
    bind(ch, "fraudscore", "*.*.nl.#", "payment.failed.#")
    bind(ch, "support", "*.cancelled.#")
    bind(ch, "partners", "partner.#", "#.partner")
