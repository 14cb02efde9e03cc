"""WATCH jobs: every job that moves, moves from or to it; if one did meanwhile, all is read again."""

from workbook.taught.lab12 import queued_at


def left_to_do(r, now):
    def read(pipe):
        names = list(pipe.scan_iter("processing:*"))
        waiting = pipe.lrange("jobs", 0, -1)
        held = [raw for name in names for raw in pipe.lrange(name, 0, -1)]
        pipe.multi()
        pipe.exists("jobs")
        return waiting, held

    waiting, held = r.transaction(read, "jobs", value_from_callable=True)
    ages = [now - at for at in map(queued_at, waiting + held) if at is not None]
    return {"waiting": len(waiting), "in_flight": len(held), "oldest": max(ages, default=None)}
