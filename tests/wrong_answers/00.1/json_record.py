"""Wraps the order into JSON that no reader expects.

expects: WRONG lost phantom
says: as the text it was given
"""

import json


def place(r, order):
    r.lpush("orders", json.dumps({"id": order}))
    return order
