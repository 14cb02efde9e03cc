"""A function made by another one; queues with arguments of their own, and the exchange declared once more."""


class Service:
    def __init__(self, ch, name):
        self.ch, self.name = ch, name
        ch.queue_declare(name, durable=True, arguments={"x-max-length": 100_000, "x-overflow": "reject-publish"})

    def needs(self, *patterns):
        for pattern in patterns:
            self.ch.queue_bind(exchange="events", queue=self.name, routing_key=pattern)


def made():
    def bind_all(ch):
        ch.exchange_declare("events", "topic", durable=True)
        Service(ch, "invoices").needs("order.placed.#", "order.cancelled.#")
        Service(ch, "contracts").needs("contract.#")
        Service(ch, "fraudscore").needs("payment.failed.#", "*.*.nl.#")
        Service(ch, "support").needs("*.cancelled.#")
        Service(ch, "partners").needs("#.partner", "partner.#")

    return bind_all


bind_all = made()
