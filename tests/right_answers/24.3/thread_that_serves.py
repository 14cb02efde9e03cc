"""The other way round: the work stays in its thread, a second thread serves the connection and is over before the acknowledgement."""

import threading

from pika.exceptions import AMQPError


def work_long(conn, ch, tag, work):
    done, lost = threading.Event(), []

    def serve():
        while not done.is_set():
            try:
                conn.process_data_events(time_limit=0.1)
            except AMQPError as error:
                lost.append(error)
                return

    server = threading.Thread(target=serve)
    server.start()
    try:
        work()
    finally:
        done.set()
        server.join()
    if lost:
        raise lost[0]
    ch.basic_ack(tag)
