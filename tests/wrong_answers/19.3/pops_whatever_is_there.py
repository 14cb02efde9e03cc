"""Puts off what it once read, and pops what is there, be it something or nothing.

expects: WRONG duplicated
says: was given to another worker
"""

from workbook.taught.lab19 import Locked, iterate


def iterate_throttled(r, worker, raw, job, stopping, db, due):
    class Unlocked:
        build_enumerator, on_complete = job.build_enumerator, job.on_complete

        def each_iteration(args, row):
            db.execute("BEGIN IMMEDIATE")
            with db:
                if db.execute("SELECT 1 FROM locked WHERE shop = ?", (args["shop"],)).fetchone():
                    raise Locked
                job.each_iteration(args, row)

    mine = f"processing:{worker}"
    try:
        return iterate(r, worker, raw, Unlocked, stopping)
    except Locked:
        held = r.lindex(mine, -1)
        if held is None:
            return "gone"
        script = "redis.call('ZADD', 'retry', ARGV[2], ARGV[1]) redis.call('RPOP', KEYS[1])"
        r.eval(script, 1, mine, held, due)
        return "throttled"
