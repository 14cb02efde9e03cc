"""Takes the star for what it is in names of files: any letters, dots too.

expects: WRONG lost
says: bound to events for: order.cancelled*, order.placed*
"""


def bind(ch, queue, *patterns):
    ch.queue_declare(queue, durable=True)
    for pattern in patterns:
        ch.queue_bind(queue, "events", pattern)


def bind_all(ch):
    bind(ch, "invoices", "order.placed*", "order.cancelled*")
    bind(ch, "contracts", "contract.#")
    bind(ch, "fraudscore", "*.*.nl.#", "payment.failed.#")
    bind(ch, "support", "*.cancelled.#")
    bind(ch, "partners", "partner.#", "#.partner")
