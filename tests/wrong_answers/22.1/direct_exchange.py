"""An exchange that compares keys letter by letter would do for these keys, and is another one than everybody else declares.

expects: WRONG
says: Orders declared `events`, durable and of type topic, and was refused
"""

def subscribe(ch, service, *keys):
    ch.exchange_declare("events", "direct", durable=True)
    ch.queue_declare(service, durable=True)
    for key in keys:
        ch.queue_bind(service, "events", key)
