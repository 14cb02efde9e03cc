"""Looks at the position only when a record came: behind the last one the iterator waits for another.

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
    for record in consumer:
        one = next(one for one in partitions if one.partition == record.partition)
        if record.offset < ends[one]:
            state = fold(state, record)
        if all(consumer.position(one) >= end for one, end in ends.items()):
            break
    return state, ends
