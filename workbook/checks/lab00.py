"""Lab 00: meet the brokers. How the answer to 00.1 is judged, the smallest check of all: a good one to read first.

Orders wait in the Redis list `orders`: pushed on the left, read from the right. `place` puts one order there and
returns it.
"""

from workbook import anomalies
from workbook.anomalies import Ledger
from workbook.exercises import checks
from workbook.faults import given
from workbook.verdicts import Wrong

BROKERS = ("redis", "rabbitmq", "kafka")

ORDERS = ["order 1", "order 2", "order 3"]


# What runs in the worker


def place_all(r, place, orders):
    """Place the orders one after another; what each call returned, and in words, because it may be anything."""
    returned = []
    for order in orders:
        given(f"place(r, {order!r})")
        value = place(r, order)
        returned.append((isinstance(value, str) and value == order, _described(value)))
    return returned


def _described(value):
    plain = isinstance(value, (str, bytes, int, float, type(None)))
    return repr(value)[:60] if plain else f"something of type {type(value).__name__}"


# What the kernel sees


@checks(
    "00.1",
    title="place",
    budget=5,
    hints=[
        "Somebody looks into orders a minute after your function has returned. What must they find there, and how often?",
        "orders is read from the right. At which end does a newcomer join, so that it overtakes nobody?",
        "Your caller wants to go on with the order. Redis answers a push with something else: what is it?",
    ],
)
def check_place(place, trial):
    circumstance = "order 1, order 2 and order 3 were placed, one after another"
    returned = trial.result(trial.worker(place_all, trial.redis, place, ORDERS, name="worker 1"))

    kind = trial.redis.type("orders").decode()
    if kind not in ("list", "none"):
        raise Wrong(
            f"{circumstance}; afterwards orders is a {kind}",
            must_hold="orders is a list, which keeps all of them and their order",
        )
    waiting = [raw.decode("utf-8", "replace") for raw in reversed(trial.redis.lrange("orders", 0, -1))]
    # The one law: what was accepted is found, once. Every call returned, so every order counts as accepted.
    ledger = Ledger(accepted=ORDERS, found={"orders": waiting})
    broken = anomalies.find_anomalies(ledger, "order", trial.history.records())
    if broken:
        raise Wrong(
            circumstance,
            *_elsewhere(trial),
            anomalies=broken,
            must_hold="once place has returned, its order is in the list orders, once, as the text it was given",
        )
    reordered = anomalies.find_reordered({"orders": waiting}, {"orders": ORDERS}, "order")
    if reordered:
        raise Wrong(
            f"{circumstance}; read from the right, they come as {', '.join(waiting)}",
            anomalies=[reordered],
            must_hold="read from the right, orders come in the order in which they were placed",
            hint=2,
        )
    for order, (right, value) in zip(ORDERS, returned):
        if not right:
            raise Wrong(
                f"all three are in orders; place(r, {order!r}) returned {value}",
                must_hold="place returns the order that it was given",
                hint=3,
            )
    return "3 orders placed: each is in orders, once and in its place, and was returned"


def _elsewhere(trial):
    """The keys that nobody reads: a misspelt name explains most losses."""
    others = sorted(key.decode("utf-8", "replace") for key in trial.redis.scan_iter() if key != b"orders")
    return [f"nobody reads {', '.join(others[:3])}, which is there too"] if others else []
