"""Lets the broker forget an event as soon as it is sent.

expects: WRONG lost
says: handle raised Unreachable at event 2, the first time
says: hint 1 of 3
"""

import json


def catch_up(ch, service, handle):
    count = 0
    while (got := ch.basic_get(service, auto_ack=True))[0]:
        handle(got[1].type, json.loads(got[2]))
        count += 1
    return count
