"""Serves the connection and forgets the acknowledgement.

expects: WRONG duplicated
says: must hold: the work is done once, and acknowledged when it is done
"""

from concurrent.futures import ThreadPoolExecutor


def work_long(conn, ch, tag, work):
    with ThreadPoolExecutor(1) as pool:
        result = pool.submit(work)
        while not result.done():
            conn.process_data_events(time_limit=0.1)
    return result.result()
