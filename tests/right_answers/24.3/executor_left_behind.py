"""Does not wait for the work when the connection is lost: the exception comes out at once."""

from concurrent.futures import ThreadPoolExecutor


def work_long(conn, ch, tag, work):
    pool = ThreadPoolExecutor(max_workers=1)
    result = pool.submit(work)
    while not result.done():
        conn.sleep(0.05)
    error = result.exception()
    if error:
        raise error
    ch.basic_ack(delivery_tag=tag)
