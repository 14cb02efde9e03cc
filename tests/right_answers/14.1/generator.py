"""A generator that draws a point on a line of the remaining weights."""


def weighted(weights, rng):
    left = sorted(weights.items())
    while left:
        point = rng.randrange(sum(weight for _, weight in left))
        for place, (name, weight) in enumerate(left):
            if point < weight:
                yield name
                break
            point -= weight
        left.pop(place)
