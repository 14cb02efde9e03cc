"""Gives everything to everybody, and leaves it to the services to throw away what they don't need.

expects: WRONG unwanted
says: its binding # takes it
says: hint 2 of 3
"""


def bind(ch, queue, *patterns):
    ch.queue_declare(queue, durable=True)
    for pattern in patterns:
        ch.queue_bind(queue, "events", pattern)


def bind_all(ch):
    bind(ch, "invoices", "#")
    bind(ch, "contracts", "#")
    bind(ch, "fraudscore", "#")
    bind(ch, "support", "#")
    bind(ch, "partners", "#")
