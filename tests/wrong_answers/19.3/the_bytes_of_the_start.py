"""Takes what it holds out of its list, and puts off what it was called with: without the cursor.

expects: WRONG duplicated
says: was unlocked, and the job was due
"""

from workbook.taught.lab19 import Locked, iterate

MOVE = "return redis.call('LREM', KEYS[1], 1, ARGV[1]) == 1 and redis.call('ZADD', 'retry', ARGV[2], ARGV[3])"


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
        held = r.lindex(mine, -1) or ""
        return "throttled" if r.eval(MOVE, 1, mine, held, due, raw) else "gone"
