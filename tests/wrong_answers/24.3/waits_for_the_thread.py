"""Starts a thread for the work, and then waits for it with everything else.

expects: WRONG robbed
says: the broker heard nothing from worker 1
"""

from concurrent.futures import ThreadPoolExecutor


def work_long(conn, ch, tag, work):
    with ThreadPoolExecutor(1) as pool:
        pool.submit(work).result()
    ch.basic_ack(tag)
