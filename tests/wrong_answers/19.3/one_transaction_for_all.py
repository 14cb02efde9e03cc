"""One transaction for all rows: whoever wants to lock has to wait for the whole job.

expects: WRONG
says: of a row that fails nothing is written
"""

from workbook.taught.lab19 import Locked, iterate

MOVE = "return redis.call('LREM', KEYS[1], 1, ARGV[1]) == 1 and redis.call('ZADD', 'retry', ARGV[2], ARGV[1])"


def iterate_throttled(r, worker, raw, job, stopping, db, due):
    class Unlocked:
        build_enumerator, on_complete = job.build_enumerator, job.on_complete

        def each_iteration(args, row):
            if not db.in_transaction:
                db.execute("BEGIN IMMEDIATE")
            if db.execute("SELECT 1 FROM locked WHERE shop = ?", (args["shop"],)).fetchone():
                db.execute("COMMIT")
                raise Locked
            job.each_iteration(args, row)

    mine = f"processing:{worker}"
    try:
        try:
            return iterate(r, worker, raw, Unlocked, stopping)
        finally:
            if db.in_transaction:
                db.execute("COMMIT")
    except Locked:
        held = r.lindex(mine, -1) or ""
        return "throttled" if r.eval(MOVE, 1, mine, held, due) else "gone"
