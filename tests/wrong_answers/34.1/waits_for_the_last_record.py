"""Waits for the record right before the end offset, which an aborted transaction and an empty partition don't have.

expects: WRONG
says: stuck: rebuild still reads
says: 2 ends in an aborted transaction
"""

from workbook.taught.lab34 import BeginningGone


def rebuild(consumer, partitions, fold):
    gone = {one: first for one, first in consumer.beginning_offsets(partitions).items() if first > 0}
    if gone:
        raise BeginningGone(gone)
    ends = consumer.end_offsets(partitions)
    consumer.assign(partitions)
    consumer.seek_to_beginning()
    state = {}
    waiting = set(partitions)
    while waiting:
        for one, records in consumer.poll(timeout_ms=100).items():
            for record in records:
                if record.offset < ends[one]:
                    state = fold(state, record)
                if record.offset == ends[one] - 1:
                    waiting.discard(one)
    return state, ends
