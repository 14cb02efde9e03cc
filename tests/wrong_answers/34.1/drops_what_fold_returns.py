"""Calls the fold and ignores the state that it returns.

expects: WRONG missing
says: missing: 13 of 13 records
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
    while any(consumer.position(one) < end for one, end in ends.items()):
        for one, records in consumer.poll(timeout_ms=100).items():
            for record in records:
                if record.offset < ends[one]:
                    fold(state, record)
    return state, ends
