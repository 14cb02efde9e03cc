"""Rolls back in the end, whatever came of the row.

expects: WRONG lost
says: no shop is locked
"""

from workbook.taught.lab19 import Locked, iterate

MOVE = "return redis.call('LREM', KEYS[1], 1, ARGV[1]) == 1 and redis.call('ZADD', 'retry', ARGV[2], ARGV[1])"


def iterate_throttled(r, worker, raw, job, stopping, db, due):
    class Unlocked:
        build_enumerator, on_complete = job.build_enumerator, job.on_complete

        def each_iteration(args, row):
            db.execute("BEGIN IMMEDIATE")
            try:
                if db.execute("SELECT 1 FROM locked WHERE shop = ?", (args["shop"],)).fetchone():
                    raise Locked
                job.each_iteration(args, row)
            finally:
                db.rollback()

    mine = f"processing:{worker}"
    try:
        return iterate(r, worker, raw, Unlocked, stopping)
    except Locked:
        held = r.lindex(mine, -1) or ""
        return "throttled" if r.eval(MOVE, 1, mine, held, due) else "gone"
