"""Does the row, looks then, and rolls back: what the row did outside of the database stays done.

expects: WRONG
says: customer 1 was charged by job.each_iteration
"""

from workbook.taught.lab19 import Locked, iterate

MOVE = "return redis.call('LREM', KEYS[1], 1, ARGV[1]) == 1 and redis.call('ZADD', 'retry', ARGV[2], ARGV[1])"


def iterate_throttled(r, worker, raw, job, stopping, db, due):
    class Unlocked:
        build_enumerator, on_complete = job.build_enumerator, job.on_complete

        def each_iteration(args, row):
            db.execute("BEGIN IMMEDIATE")
            with db:
                job.each_iteration(args, row)
                if db.execute("SELECT 1 FROM locked WHERE shop = ?", (args["shop"],)).fetchone():
                    raise Locked

    mine = f"processing:{worker}"
    try:
        return iterate(r, worker, raw, Unlocked, stopping)
    except Locked:
        held = r.lindex(mine, -1) or ""
        return "throttled" if r.eval(MOVE, 1, mine, held, due) else "gone"
