"""Acknowledges first, so that no heartbeat can take the message away: nor anything bring it back.

expects: WRONG lost
says: the work raised Declined
"""

def work_long(conn, ch, tag, work):
    ch.basic_ack(tag)
    work()
