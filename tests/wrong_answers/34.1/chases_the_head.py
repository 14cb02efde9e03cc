"""Asks for the end again after every poll, and never reaches it while the shop writes.

expects: WRONG
says: stuck: rebuild still reads
says: a shop that writes
"""

from workbook.taught.lab34 import BeginningGone


def rebuild(consumer, partitions, fold):
    gone = {one: first for one, first in consumer.beginning_offsets(partitions).items() if first > 0}
    if gone:
        raise BeginningGone(gone)
    consumer.assign(partitions)
    consumer.seek_to_beginning()
    state = {}
    while any(consumer.position(one) < end for one, end in consumer.end_offsets(partitions).items()):
        for records in consumer.poll(timeout_ms=100).values():
            for record in records:
                state = fold(state, record)
    return state, {one: consumer.position(one) for one in partitions}
