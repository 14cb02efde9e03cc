"""What lab 24 teaches, as later labs, workers and benchmarks import it.

Built from solutions/24-delivery.py by `python3 -m workbook build`: change it there.
"""

import pika
from concurrent.futures import ThreadPoolExecutor
from pika.exceptions import AMQPError
from pika.exceptions import ChannelClosedByBroker
from pika.exceptions import NackError
from pika.exceptions import UnroutableError

# Taught in labs/24-delivery.ipynb, cell 24-015: Five ways to fail
def confirming(parameters):
    """A channel in confirm mode, on a new connection."""
    ch = pika.BlockingConnection(parameters).channel()
    ch.confirm_delivery()
    return ch


# Taught in labs/24-delivery.ipynb, cell 24-032: Exercise 24.1: publish
def publish(ch, exchange, key, body, message_id):
    """Publish `body`, persistent and named `message_id`, and say in a word what became of it.

    "published"    at least one queue has it, and every queue that it was routed to
    "unroutable"   no queue is bound for it
    "refused"      the broker said no: a queue is full, there is no such exchange
    "unknown"      the conversation ended before the broker had answered; it may be there

    ch: a channel in confirm mode. It may be closed afterwards; `ch.is_open` tells.
    """
    properties = pika.BasicProperties(message_id=message_id, delivery_mode=2)
    try:
        ch.basic_publish(exchange, key, body, properties, mandatory=True)
    except UnroutableError:
        return "unroutable"
    except (NackError, ChannelClosedByBroker):
        return "refused"
    except AMQPError:
        return "unknown"
    return "published"


# Taught in labs/24-delivery.ipynb, cell 24-035: Publishing again makes a second copy
def publish_until_known(parameters, exchange, key, body, message_id, attempts=5):
    """Publish on a new connection each time, with the same message id, until the outcome is known; returns the word."""
    for _ in range(attempts):
        word = publish(confirming(parameters), exchange, key, body, message_id)
        if word != "unknown":
            break
    return word


# Taught in labs/24-delivery.ipynb, cell 24-058: Exercise 24.2: consume
def consume(ch, queue, work):
    """Call `work(body)` with each message of `queue`, until it returns False.

    A message is acknowledged when its work has returned (also the last one), and before the next work begins. What work
    raises comes out of consume, and its message is not acknowledged. When consume has returned, what waits is free for others.
    """
    ch.basic_qos(prefetch_count=1)
    for method, _, body in ch.consume(queue):
        go_on = work(body)
        ch.basic_ack(method.delivery_tag)
        if go_on is False:
            break
    ch.cancel()


# Taught in labs/24-delivery.ipynb, cell 24-080: Exercise 24.3: work_long
def work_long(conn, ch, tag, work):
    """Call `work()`, serve the connection meanwhile, and acknowledge `tag` when the work is done.

    Raises what work raises (nothing is acknowledged then), and pika's AMQPError when the connection is lost.
    """
    with ThreadPoolExecutor(1) as pool:
        result = pool.submit(work)
        while not result.done():
            conn.process_data_events(time_limit=0.1)
    result.result()
    ch.basic_ack(tag)


# How many values each prediction has: `predict` says so when another number is given.
PREDICTED = {
    "24.p1": 5,
    "24.p2": 2,
    "24.p3": 4,
    "24.p4": 2,
}
