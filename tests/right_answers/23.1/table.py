"""A table of patterns in the strictest form that is right, read in a loop."""

NEEDS = {
    "invoices": "order.placed.*.# order.cancelled.*.#",
    "contracts": "contract.*.*.#",
    "fraudscore": "*.*.nl *.*.nl.# payment.failed.# payment.failed.nl.#",
    "support": "*.cancelled.*.#",
    "partners": "partner.*.*.# *.*.*.#.partner",
}


def bind_all(ch):
    for service, patterns in NEEDS.items():
        ch.queue_declare(service, durable=True)
        for pattern in patterns.split():
            ch.queue_bind(service, "events", pattern)
