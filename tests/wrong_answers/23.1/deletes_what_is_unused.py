"""Has the broker delete a queue that nobody has used for an hour: a service that is away over night.

expects: WRONG
says: the queue 'invoices' is there, and it deletes itself when nobody has used it for 3600000 ms
says: hint 3 of 3
"""


def bind(ch, queue, *patterns):
    ch.queue_declare(queue, durable=True, arguments={"x-expires": 3_600_000})
    for pattern in patterns:
        ch.queue_bind(queue, "events", pattern)


def bind_all(ch):
    bind(ch, "invoices", "order.placed.#", "order.cancelled.#")
    bind(ch, "contracts", "contract.#")
    bind(ch, "fraudscore", "*.*.nl.#", "payment.failed.#")
    bind(ch, "support", "*.cancelled.#")
    bind(ch, "partners", "partner.#", "#.partner")
