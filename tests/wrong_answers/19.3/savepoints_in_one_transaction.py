"""Each row has a savepoint, and all are in one transaction: whoever wants to lock waits for the whole job.

expects: WRONG
says: they had to wait for 3 customers
"""

from workbook.taught.lab19 import Locked, iterate

MOVE = "return redis.call('LREM', KEYS[1], 1, ARGV[1]) == 1 and redis.call('ZADD', 'retry', ARGV[2], ARGV[1])"


def iterate_throttled(r, worker, raw, job, stopping, db, due):
    class Unlocked:
        build_enumerator, on_complete = job.build_enumerator, job.on_complete

        def each_iteration(args, row):
            if not db.in_transaction:
                db.execute("BEGIN IMMEDIATE")
            db.execute("SAVEPOINT row")
            try:
                if db.execute("SELECT 1 FROM locked WHERE shop = ?", (args["shop"],)).fetchone():
                    raise Locked
                job.each_iteration(args, row)
            except BaseException:
                db.execute("ROLLBACK TO row")
                raise

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
