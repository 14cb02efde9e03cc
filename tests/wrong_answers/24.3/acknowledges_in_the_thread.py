"""Acknowledges in the thread that works, while another one serves the connection.

expects: WRONG
says: basic_ack was called in a thread of its own
says: must hold: one thread uses the connection
"""

from concurrent.futures import ThreadPoolExecutor


def work_long(conn, ch, tag, work):
    def work_and_acknowledge():
        work()
        ch.basic_ack(tag)

    with ThreadPoolExecutor(1) as pool:
        result = pool.submit(work_and_acknowledge)
        while not result.done():
            conn.process_data_events(time_limit=0.1)
    result.result()
