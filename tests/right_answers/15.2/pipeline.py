"""A transaction of one command; any truthy number would do as well."""


def finish(r, worker, raw):
    with r.pipeline() as pipe:
        pipe.lrem(f"processing:{worker}", 1, raw)
        (removed,) = pipe.execute()
    return removed
