"""Takes the names out of the caller's own dict: the second fetch has none.

expects: WRONG
says: after call 1 the weights were no longer urgent 5, default 3, low 1
"""


def weighted(weights, rng):
    order = []
    while weights:
        name = rng.choices(list(weights), list(weights.values()))[0]
        order.append(name)
        del weights[name]
    return order
