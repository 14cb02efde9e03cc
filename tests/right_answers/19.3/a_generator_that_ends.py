"""No exception: its enumerator ends when the shop is locked, and it knows why; WATCH for the move."""

from workbook.taught.lab19 import iterate


class StopAsync(Exception):
    pass


def iterate_throttled(r, worker, raw, job, stopping, db, due):
    mine, locked = f"processing:{worker}", []

    class Rows:
        def build_enumerator(self, args, cursor):
            for row, cursor in job.build_enumerator(args, cursor):
                db.execute("BEGIN EXCLUSIVE")
                if db.execute("SELECT shop FROM locked WHERE shop = ?", (args["shop"],)).fetchall():
                    db.rollback()
                    locked.append(args["shop"])
                    raise StopAsync
                yield row, cursor

        def each_iteration(self, args, row):
            try:
                job.each_iteration(args, row)
            except Exception:
                db.rollback()
                raise
            db.commit()

        def on_complete(self, args):
            job.on_complete(args)

    try:
        return iterate(r, worker, raw, Rows(), stopping)
    except StopAsync:
        pass

    def move(pipe):
        held = pipe.lindex(mine, -1)
        pipe.multi()
        if held is None:
            return "gone"
        pipe.rpop(mine)
        pipe.zadd("retry", {held: due})
        return "throttled"

    return r.transaction(move, mine, value_from_callable=True)
