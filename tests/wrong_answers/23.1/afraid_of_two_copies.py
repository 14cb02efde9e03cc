"""Leaves out what overlaps, for fear that a payment that failed in the Netherlands comes twice.

expects: WRONG lost
says: for fraudscore
says: bound to events for: *.*.nl.#, payment.failed.be.#, payment.failed.de.#
"""


def bind(ch, queue, *patterns):
    ch.queue_declare(queue, durable=True)
    for pattern in patterns:
        ch.queue_bind(queue, "events", pattern)


def bind_all(ch):
    bind(ch, "invoices", "order.placed.#", "order.cancelled.#")
    bind(ch, "contracts", "contract.#")
    bind(ch, "fraudscore", "*.*.nl.#", "payment.failed.de.#", "payment.failed.be.#")
    bind(ch, "support", "*.cancelled.#")
    bind(ch, "partners", "partner.#", "#.partner")
