"""Takes a first record that is not at offset 0 for a beginning that is gone.

expects: WRONG
says: every one of them still begins at offset 0
"""

from workbook.taught.lab34 import BeginningGone


def rebuild(consumer, partitions, fold):
    ends = consumer.end_offsets(partitions)
    consumer.assign(partitions)
    consumer.seek_to_beginning()
    state = {}
    seen = set()
    while any(consumer.position(one) < end for one, end in ends.items()):
        for one, records in consumer.poll(timeout_ms=100).items():
            if one not in seen and records[0].offset > 0:
                raise BeginningGone({one: records[0].offset})
            seen.add(one)
            for record in records:
                if record.offset < ends[one]:
                    state = fold(state, record)
    return state, ends
