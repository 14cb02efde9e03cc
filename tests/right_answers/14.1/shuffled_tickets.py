"""A ticket for each unit of weight, shuffled; a queue that is named twice does no harm."""


def weighted(weights, rng):
    tickets = []
    for name, weight in weights.items():
        tickets += [name] * weight
    return rng.sample(tickets, len(tickets))
