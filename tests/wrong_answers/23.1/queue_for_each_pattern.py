"""Makes a queue for each pattern; the service reads the one that has its name.

expects: WRONG lost
says: for fraudscore
"""


def bind(ch, queue, *patterns):
    ch.queue_declare(queue, durable=True)
    for pattern in patterns:
        ch.queue_bind(queue, "events", pattern)


def bind_all(ch):
    bind(ch, "invoices", "order.placed.#", "order.cancelled.#")
    bind(ch, "contracts", "contract.#")
    bind(ch, "fraudscore", "*.*.nl.#")
    bind(ch, "fraudscore.payments", "payment.failed.#")
    bind(ch, "support", "*.cancelled.#")
    bind(ch, "partners", "partner.#", "#.partner")
