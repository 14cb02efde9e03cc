"""A queue that is there already is bound already, it thinks: the next version's key is never bound.

expects: WRONG lost
says: Invoices had asked for one key more, 'parcel.sent'
says: hint 3 of 3
"""

from pika.exceptions import ChannelClosedByBroker


def subscribe(ch, service, *keys):
    look = ch.connection.channel()
    try:
        look.queue_declare(service, passive=True)
        return
    except ChannelClosedByBroker:
        pass
    ch.exchange_declare("events", "topic", durable=True)
    ch.queue_declare(service, durable=True)
    for key in keys:
        ch.queue_bind(service, "events", key)
