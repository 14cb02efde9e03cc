"""The working thread asks the connection's thread to acknowledge."""

import threading


def work_long(conn, ch, tag, work):
    ended = []

    def acknowledge():
        ch.basic_ack(tag)
        ended.append(None)

    def run():
        try:
            work()
        except Exception as error:
            ended.append(error)
        else:
            conn.add_callback_threadsafe(acknowledge)

    threading.Thread(target=run, daemon=True).start()
    while not ended:
        conn.process_data_events(time_limit=0.1)
    if ended[0] is not None:
        raise ended[0]
