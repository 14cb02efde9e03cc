"""Has a pattern for each number of words, up to eight.

expects: WRONG lost
says: and.by.night.partner for partners
"""


def bind(ch, queue, *patterns):
    ch.queue_declare(queue, durable=True)
    for pattern in patterns:
        ch.queue_bind(queue, "events", pattern)


def bind_all(ch):
    bind(ch, "invoices", "order.placed.#", "order.cancelled.#")
    bind(ch, "contracts", "contract.#")
    bind(ch, "fraudscore", "*.*.nl.#", "payment.failed.#")
    bind(ch, "support", "*.cancelled.#")
    bind(ch, "partners", "partner.#", *("*." * words + "partner" for words in range(2, 8)))
