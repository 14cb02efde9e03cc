"""Its wrapper has an on_complete that does nothing.

expects: WRONG
says: job.on_complete was called 0 times
"""

from workbook.taught.lab19 import Locked, iterate

MOVE = "return redis.call('LREM', KEYS[1], 1, ARGV[1]) == 1 and redis.call('ZADD', 'retry', ARGV[2], ARGV[1])"


def iterate_throttled(r, worker, raw, job, stopping, db, due):
    class Unlocked:
        build_enumerator = job.build_enumerator

        def on_complete(args):
            pass

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
        return "throttled" if r.eval(MOVE, 1, mine, held, due) else "gone"
