"""Begins at the first record that is left, and takes that for the beginning.

expects: WRONG missing
says: as if it were complete
says: partition 4 begins at offset 3 now
"""


def rebuild(consumer, partitions, fold):
    ends = consumer.end_offsets(partitions)
    consumer.assign(partitions)
    consumer.seek_to_beginning()
    state = {}
    while any(consumer.position(one) < end for one, end in ends.items()):
        for one, records in consumer.poll(timeout_ms=100).items():
            for record in records:
                if record.offset < ends[one]:
                    state = fold(state, record)
    return state, ends
