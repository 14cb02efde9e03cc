"""Takes every list but `jobs` for a worker's: what has failed is counted as in flight.

expects: WRONG untruthful
says: nothing is left
says: in_flight: reported 3, and it was 0
"""

from workbook.taught.lab12 import queued_at


def left_to_do(r, now):
    names = [name for name in r.scan_iter(_type="list") if name != b"jobs"]
    waiting = r.lrange("jobs", 0, -1)
    held = [raw for name in names for raw in r.lrange(name, 0, -1)]
    times = [at for at in map(queued_at, waiting + held) if at is not None]
    return {"waiting": len(waiting), "in_flight": len(held), "oldest": now - min(times) if times else None}
