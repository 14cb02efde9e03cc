"""Names the things that are in the table: what is cancelled next year has another name.

expects: WRONG lost
says: for support
says: bound to events for: contract.cancelled.#, order.cancelled.#, parcel.cancelled.#
"""


def bind(ch, queue, *patterns):
    ch.queue_declare(queue, durable=True)
    for pattern in patterns:
        ch.queue_bind(queue, "events", pattern)


def bind_all(ch):
    bind(ch, "invoices", "order.placed.#", "order.cancelled.#")
    bind(ch, "contracts", "contract.#")
    bind(ch, "fraudscore", "*.*.nl.#", "payment.failed.#")
    bind(ch, "support", "order.cancelled.#", "contract.cancelled.#", "parcel.cancelled.#")
    bind(ch, "partners", "partner.#", "#.partner")
