"""Gives the queues names of its own.

expects: WRONG
says: there was no queue 'invoices'; there were: queue of contracts, 
says: must hold: each service has a durable queue named as the service
"""


def bind(ch, queue, *patterns):
    ch.queue_declare(queue, durable=True)
    for pattern in patterns:
        ch.queue_bind(queue, "events", pattern)


def bind_all(ch):
    bind(ch, "queue of invoices", "order.placed.#", "order.cancelled.#")
    bind(ch, "queue of contracts", "contract.#")
    bind(ch, "queue of fraudscore", "*.*.nl.#", "payment.failed.#")
    bind(ch, "queue of support", "*.cancelled.#")
    bind(ch, "queue of partners", "partner.#", "#.partner")
