"""Computes how many records must come from the offsets, as if offsets had no holes.

expects: WRONG
says: stuck: rebuild still reads
says: four partitions at rest
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
    left = sum(ends.values())
    while left > 0:
        for one, records in consumer.poll(timeout_ms=100).items():
            for record in records:
                if record.offset < ends[one]:
                    state = fold(state, record)
                    left -= 1
    return state, ends
