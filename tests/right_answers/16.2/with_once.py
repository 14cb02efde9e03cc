"""`once` of 16.1 around the charge with its key. It holds the database's lock as long as the provider takes."""

import json

from workbook.taught.lab16 import once


def charge_once(world, db, raw):
    todo = json.loads(raw)
    args = todo["args"]
    return once(db, todo["id"], lambda db: world.charge(args["order"], args["cents"], key=todo["id"]))
