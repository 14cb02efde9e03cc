"""Takes an empty poll for the end of the log.

expects: WRONG missing
says: the first poll comes back empty
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
    while found := consumer.poll(timeout_ms=300):
        for one, records in found.items():
            for record in records:
                if record.offset < ends[one]:
                    state = fold(state, record)
    return state, ends
