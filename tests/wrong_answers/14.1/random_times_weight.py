"""A random number times the weight: it looks like a share, and gives the light ones too little (an eighth, not a fifth).

expects: WRONG
says: low gets 1 in 5
"""


def weighted(weights, rng):
    return sorted(weights, key=lambda name: rng.random() * weights[name], reverse=True)
