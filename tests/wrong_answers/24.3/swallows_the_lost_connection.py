"""Hides the lost connection: its caller believes that the message is acknowledged.

expects: WRONG untruthful
says: the broker hung up while the work went on
"""

from concurrent.futures import ThreadPoolExecutor

from pika.exceptions import AMQPError


def work_long(conn, ch, tag, work):
    with ThreadPoolExecutor(1) as pool:
        result = pool.submit(work)
        try:
            while not result.done():
                conn.process_data_events(time_limit=0.1)
        except AMQPError:
            pass
    result.result()
    if conn.is_open:
        ch.basic_ack(tag)
