"""Pushes in a transaction, through a pipeline."""


def place(r, order):
    with r.pipeline() as pipe:
        pipe.lpush("orders", order)
        pipe.execute()
    return order
