"""Waits until the thread says that it is done: one that failed never does.

expects: WRONG
says: work_long had not returned after 2 s
"""

import threading


def work_long(conn, ch, tag, work):
    done = threading.Event()

    def run():
        work()
        done.set()

    threading.Thread(target=run, daemon=True).start()
    while not done.is_set():
        conn.process_data_events(time_limit=0.1)
    ch.basic_ack(tag)
