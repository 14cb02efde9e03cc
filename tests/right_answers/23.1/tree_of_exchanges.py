"""Exchanges bound to exchanges: orders are told apart once, and the services bind to what they have in common."""


def bind_all(ch):
    for exchange, source, pattern in (("orders", "events", "order.#"), ("cancellations", "events", "*.cancelled.#")):
        ch.exchange_declare(exchange, "topic", durable=True)
        ch.exchange_bind(exchange, source, pattern)
    for queue, exchange, pattern in (
        ("invoices", "orders", "*.placed.#"),
        ("invoices", "cancellations", "order.#"),
        ("contracts", "events", "contract.#"),
        ("fraudscore", "events", "*.*.nl.#"),
        ("fraudscore", "events", "payment.failed.#"),
        ("support", "cancellations", "#"),
        ("partners", "events", "partner.#"),
        ("partners", "events", "#.partner"),
    ):
        ch.queue_declare(queue, durable=True)
        ch.queue_bind(queue, exchange, pattern)
