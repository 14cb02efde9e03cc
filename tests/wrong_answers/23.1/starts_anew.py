"""Deletes the queues first, to be rid of old bindings, and of all that waits.

expects: WRONG lost
says: bind_all was called a second time, while messages waited
says: hint 3 of 3
"""


def bind(ch, queue, *patterns):
    ch.queue_delete(queue)
    ch.queue_declare(queue, durable=True)
    for pattern in patterns:
        ch.queue_bind(queue, "events", pattern)


def bind_all(ch):
    bind(ch, "invoices", "order.placed.#", "order.cancelled.#")
    bind(ch, "contracts", "contract.#")
    bind(ch, "fraudscore", "*.*.nl.#", "payment.failed.#")
    bind(ch, "support", "*.cancelled.#")
    bind(ch, "partners", "partner.#", "#.partner")
