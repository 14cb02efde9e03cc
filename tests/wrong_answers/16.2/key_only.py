"""Only the key: on Monday the provider has forgotten it.

expects: WRONG duplicated
says: charge-7 was done on Friday and came back on Monday, when the provider had forgotten its keys
says: hint 3 of 3
"""

import json


def charge_once(world, db, raw):
    todo = json.loads(raw)
    return world.charge(todo["args"]["order"], todo["args"]["cents"], key=todo["id"])
