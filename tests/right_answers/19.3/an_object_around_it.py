"""An object around the job, statements for begin and end, and WATCH with MULTI for the move."""

from redis import WatchError

from workbook.taught.lab19 import Locked, iterate


class Guarded:
    def __init__(self, job, db):
        self.job, self.db, self.on_complete = job, db, job.on_complete

    def build_enumerator(self, args, cursor):
        return self.job.build_enumerator(args, cursor)

    def each_iteration(self, args, row):
        self.db.execute("BEGIN IMMEDIATE")
        try:
            found = self.db.execute("SELECT count(*) FROM locked WHERE shop = ?", (args["shop"],))
            if found.fetchone()[0]:
                raise Locked
            self.job.each_iteration(args, row)
        except BaseException:
            self.db.execute("ROLLBACK")
            raise
        self.db.execute("COMMIT")


def iterate_throttled(r, worker, raw, job, stopping, db, due):
    try:
        return iterate(r, worker, raw, Guarded(job, db), stopping)
    except Locked:
        mine = f"processing:{worker}"
        with r.pipeline() as pipe:
            while True:
                try:
                    pipe.watch(mine)
                    held = pipe.lindex(mine, 0)
                    if held is None:
                        return "gone"
                    pipe.multi()
                    pipe.lrem(mine, 1, held)
                    pipe.zadd("retry", {held: due})
                    pipe.execute()
                    return "throttled"
                except WatchError:
                    continue
