"""What lab 25 teaches, as later labs, workers and benchmarks import it.

Built from solutions/25-poison-messages.py by `python3 -m workbook build`: change it there.
"""

# Taught in labs/25-poison-messages.ipynb, cell 25-015: An order that nobody can read
def drain(ch, queue, handle):
    """Call `handle(ch, got)` with one delivery after another until nothing waits in `queue`; returns how many it took."""
    count = 0
    while (got := ch.basic_get(queue))[0]:
        handle(ch, got)
        count += 1
    return count


# Taught in labs/25-poison-messages.ipynb, cell 25-026: Throw it out
def deaths(properties):
    """What the broker has noted about a message that was dead-lettered: [(queue, reason, count), …], the latest first."""
    noted = (properties.headers or {}).get("x-death", [])
    return [(entry["queue"], entry["reason"], int(entry["count"])) for entry in noted]


# Taught in labs/25-poison-messages.ipynb, cell 25-038: Park it with a reason
def own_headers(properties):
    """The message's headers without those of the broker's, whose names begin with x-."""
    return {name: value for name, value in (properties.headers or {}).items() if not name.startswith("x-")}


def park(ch, got, reason, attempts):
    """Move a delivery into the queue `parked`, with the headers `reason` and `attempts`; all else stays as it was.

    ch: a channel in confirm mode. Raises what pika raises when `parked` does not take it; it is not acknowledged then.
    """
    delivery, properties, body = got
    properties.headers = {**own_headers(properties), "reason": reason, "attempts": attempts}
    ch.basic_publish("", "parked", body, properties, mandatory=True)
    ch.basic_ack(delivery.delivery_tag)


# Taught in labs/25-poison-messages.ipynb, cell 25-046: Exercise 25.1: try_or_park
def try_or_park(ch, got, work, limit):
    """Do one delivery from a quorum queue: acknowledged when done, given back when it failed, parked at the limit.

    ch: a channel in confirm mode. got: (delivery, properties, body). work: called with the body; may raise any Exception.
    limit: deliveries that a message gets at most.
    """
    delivery, properties, body = got
    attempts = (properties.headers or {}).get("x-delivery-count", 0)
    if attempts >= limit:
        return park(ch, got, "its consumers died", attempts)
    try:
        work(body)
    except Exception as error:
        if attempts + 1 < limit:
            ch.basic_reject(delivery.delivery_tag, requeue=True)
        else:
            park(ch, got, repr(error), attempts + 1)
    else:
        ch.basic_ack(delivery.delivery_tag)


# Taught in labs/25-poison-messages.ipynb, cell 25-058: Exercise 25.2: Retries
class Retries:
    """Retries for the messages of one work queue.

    queue: its name. delay: milliseconds between two attempts. limit: how many attempts a message gets.
    """

    def __init__(self, queue, delay, limit):
        self.queue, self.delay, self.limit = queue, delay, limit

    def declare(self, ch):
        """Declare the work queue, and whatever is needed so that a message can wait; safe to call again."""
        wait = f"{self.queue}.wait"
        for queue, arguments, then in ((self.queue, {}, wait), (wait, {"x-message-ttl": self.delay}, self.queue)):
            arguments = {**arguments, "x-dead-letter-exchange": "", "x-dead-letter-routing-key": then}
            ch.queue_declare(queue, durable=True, arguments=arguments)

    def handle(self, ch, got, work):
        """Do one delivery: acknowledged when done, back after the delay when it failed, parked after the last attempt."""
        delivery, properties, body = got
        try:
            work(body)
        except Exception as error:
            before = [count for queue, reason, count in deaths(properties) if (queue, reason) == (self.queue, "rejected")]
            attempts = sum(before) + 1
            if attempts < self.limit:
                ch.basic_reject(delivery.delivery_tag, requeue=False)
            else:
                park(ch, got, repr(error), attempts)
        else:
            ch.basic_ack(delivery.delivery_tag)


# Taught in labs/25-poison-messages.ipynb, cell 25-068: Exercise 25.3: redrive
def redrive(ch, parked, queue):
    """Move what is in the queue `parked` now back into `queue`, and return how many messages that were.

    ch: a channel in confirm mode. Raises what pika raises when `queue` does not take a message; that one stays parked.
    """
    moved = 0
    for _ in range(ch.queue_declare(parked, passive=True).method.message_count):
        delivery, properties, body = ch.basic_get(parked)
        if delivery is None:
            break
        headers = own_headers(properties)
        properties.headers = {name: value for name, value in headers.items() if name not in ("reason", "attempts")}
        ch.basic_publish("", queue, body, properties, mandatory=True)
        ch.basic_ack(delivery.delivery_tag)
        moved += 1
    return moved


# How many values each prediction has: `predict` says so when another number is given.
PREDICTED = {
    "25.p1": 2,
    "25.p2": 3,
    "25.p3": 4,
    "25.p4": 1,
    "25.p5": 1,
}
