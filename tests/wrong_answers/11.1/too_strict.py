"""Takes texts and whole numbers only: a price, a missing value and a list are refused.

expects: YOUR CODE RAISED
says: TypeError: lines
says: given: enqueue(r, 'invoice'
"""


import json


def enqueue(r, name, args, id):
    for key, value in args.items():
        if not isinstance(value, (str, int)):
            raise TypeError(key)
    r.lpush("jobs", json.dumps({"id": id, "name": name, "args": args}))
    return id
