"""A plain thread: its exception goes nowhere, and the message is acknowledged.

expects: WRONG lost
says: the work raised Declined
says: Declined ended a thread, and nobody was told
"""

import threading


def work_long(conn, ch, tag, work):
    thread = threading.Thread(target=work)
    thread.start()
    while thread.is_alive():
        conn.process_data_events(time_limit=0.1)
    ch.basic_ack(tag)
