"""Serves the connection before the work and after it.

expects: WRONG robbed
says: dropped its connection and gave the message back
"""

def work_long(conn, ch, tag, work):
    conn.process_data_events()
    work()
    conn.process_data_events()
    ch.basic_ack(tag)
