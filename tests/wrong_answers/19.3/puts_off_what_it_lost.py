"""Reads the job and moves it in one MULTI, whether or not it still has it.

expects: WRONG duplicated
says: before its EXEC
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
        with r.pipeline() as pipe:
            pipe.lrem(mine, 1, held)
            pipe.zadd("retry", {held: due})
            pipe.execute()
        return "throttled"
