"""Acknowledges before the work, and publishes what has failed to the queue again.

expects: WRONG lost
says: the work on order 6 kills its consumer
"""

from workbook.taught.lab25 import park



def try_or_park(ch, got, work, limit):
    delivery, properties, body = got
    headers = properties.headers or {}
    attempts = max(headers.get("x-delivery-count", 0), headers.get("attempts", 0)) + 1
    ch.basic_ack(delivery.delivery_tag)
    try:
        work(body)
    except Exception as error:
        properties.headers = {**headers, "attempts": attempts}
        if attempts < limit:
            ch.basic_publish("", "invoices", body, properties, mandatory=True)
        else:
            properties.headers |= {"reason": repr(error), "attempts": attempts}
            ch.basic_publish("", "parked", body, properties, mandatory=True)
