"""Does the work in the thread that should answer heartbeats.

expects: WRONG robbed
says: the broker heard nothing from worker 1
"""

def work_long(conn, ch, tag, work):
    work()
    ch.basic_ack(tag)
