"""What lab 34 teaches, as later labs, workers and benchmarks import it.

Built from solutions/34-replay.py by `python3 -m workbook build`: change it there.
"""

import json

# Taught in labs/34-replay.ipynb, cell 34-017: A bug that is a week old
def fold(state, record):
    """The amount of each order in cents, {order: cents}, after one more record."""
    event = json.loads(record.value)
    cents = -event["cents"] if event["type"] == "item_removed" else event["cents"]
    return {**state, event["order"]: state.get(event["order"], 0) + cents}


# Taught in labs/34-replay.ipynb, cell 34-050: Exercise 34.1: rebuild
class BeginningGone(Exception):
    """The log no longer begins at offset 0. `first`: {TopicPartition: the first offset that is left}."""

    def __init__(self, first):
        super().__init__(first)
        self.first = dict(first)


def rebuild(consumer, partitions, fold):
    """Fold all that is in `partitions` (a list of TopicPartition) now, and return (state, offsets).

    offsets: {TopicPartition: the offset to go on from}, for each partition. It returns though the shop goes on writing.
    Raises BeginningGone({TopicPartition: first offset left}), naming each partition that no longer begins at offset 0.
    """
    gone = {one: offset for one, offset in consumer.beginning_offsets(partitions).items() if offset > 0}
    if gone:
        raise BeginningGone(gone)
    ends = consumer.end_offsets(partitions)
    consumer.assign(partitions)
    for one in partitions:
        consumer.seek(one, 0)
    state = {}
    while any(consumer.position(one) < end for one, end in ends.items()):
        for one, records in consumer.poll(timeout_ms=200).items():
            for record in records:
                if record.offset < ends[one]:
                    state = fold(state, record)
    return state, ends


# Taught in labs/34-replay.ipynb, cell 34-063: Exercise 34.2: one mail for each order
def on_event(event, position, boundary, effects):
    """Send the customer of a placed order the mail that the old service has not sent: effects.mail(recipient, subject).

    event: as made by order_event. position: (TopicPartition, offset) of the event. boundary: {TopicPartition: the offset
    that the old service committed last}; a partition of which it never handled anything is not in it.
    """
    partition, offset = position
    if event["type"] == "placed" and offset >= boundary.get(partition, 0):
        effects.mail(event["customer"], f"order {event['order']} received")


# Taught in labs/34-replay.ipynb, cell 34-073: When do readers see it?
def put(db, table, state):
    """Fill a new table with a state; what an earlier try has left there goes first."""
    db.execute(f"DROP TABLE IF EXISTS {table}")
    db.execute(f"CREATE TABLE {table} (order_id INTEGER PRIMARY KEY, cents INTEGER)")
    db.executemany(f"INSERT INTO {table} VALUES (?, ?)", state.items())


# Taught in labs/34-replay.ipynb, cell 34-087: Exercise 34.3: switch
def switch(db, table, offsets):
    """Let readers see `table` as `projection` and `offsets` as `positions`, both at once. True if they do from now on.

    False, and nothing is changed, if `table` is older than what they see. db: an SQLite connection on which each statement
    is a transaction unless you say BEGIN, and no transaction is open when you return; others use the same database. offsets:
    {TopicPartition: offset}; positions has (partition number, position), and no row yet for a partition that is new.
    """
    new = {one.partition: offset for one, offset in offsets.items()}
    # IMMEDIATE: nobody else can write between the comparison and the exchange.
    db.execute("BEGIN IMMEDIATE")
    shown = dict(db.execute("SELECT partition, position FROM positions"))
    if any(new.get(partition, 0) < position for partition, position in shown.items()):
        db.execute("ROLLBACK")
        return False
    db.execute("DROP TABLE projection")
    db.execute(f"ALTER TABLE {table} RENAME TO projection")
    db.execute("DELETE FROM positions")
    db.executemany("INSERT INTO positions VALUES (?, ?)", new.items())
    db.execute("COMMIT")
    return True


# How many values each prediction has: `predict` says so when another number is given.
PREDICTED = {
    "34.p1": 1,
    "34.p2": 2,
    "34.p3": 2,
    "34.p4": 1,
}
