"""Draws two queues right, and leaves the rest as they are listed: right for three queues, and for no more.

expects: WRONG
says: urgent and soon are empty
"""


def weighted(weights, rng):
    left, order = dict(weights), []
    for _ in range(min(2, len(left))):
        name = rng.choices(list(left), list(left.values()))[0]
        order.append(name)
        del left[name]
    return order + list(left)
