"""One function for the outcome of the delivery, another for what follows from it.
"""

from pika.exceptions import AMQPError

from workbook.taught.lab25 import park


def outcome(work, body):
    try:
        work(body)
    except Exception as error:
        return f"{error.__class__.__qualname__}({error})"
    return None


def try_or_park(ch, got, work, limit):
    headers = got[1].headers if got[1].headers else {"x-delivery-count": 0}
    had = headers["x-delivery-count"] if "x-delivery-count" in headers else 0
    why = outcome(work, got[2]) if had < limit else f"{had} consumers died of it"
    had += had < limit
    tag = got[0].delivery_tag
    if why is None:
        ch.basic_ack(delivery_tag=tag)
    elif had < limit:
        ch.basic_reject(delivery_tag=tag)
    else:
        try:
            park(ch, got, why, int(had))
        except AMQPError:
            ch.basic_reject(tag, requeue=True)
