"""Claims the job first, in a transaction of its own: who dies with it leaves a claim that nobody takes away.

expects: WRONG
says: worker 1 was killed after its first INSERT; then invoice-7 was delivered to worker 2
says: stuck: worker 2 had not returned after
"""

import time


def once(db, id, effect):
    if db.execute("INSERT OR IGNORE INTO done (id, at) VALUES (?, NULL)", (id,)).rowcount == 0:
        while True:
            result, at = db.execute("SELECT result, at FROM done WHERE id = ?", (id,)).fetchone()
            if at is not None:
                return result
            time.sleep(0.01)
    try:
        db.execute("BEGIN IMMEDIATE")
        with db:
            result = effect(db)
            db.execute("UPDATE done SET result = ?, at = CURRENT_TIMESTAMP WHERE id = ?", (result, id))
            return result
    except Exception:
        db.execute("DELETE FROM done WHERE id = ?", (id,))
        raise
