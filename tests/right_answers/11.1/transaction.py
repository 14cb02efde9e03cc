"""Notes the name of the queue as Resque and Sidekiq do, in one transaction with the push."""


import json


class Encoder(json.JSONEncoder):
    def iterencode(self, o, _one_shot=False):
        self.walk(o)
        return super().iterencode(o, _one_shot)

    def encode(self, o):
        self.walk(o)
        return super().encode(o)

    def walk(self, value):
        if isinstance(value, tuple) or isinstance(value, dict) and not all(isinstance(key, str) for key in value):
            raise ValueError(f"{value!r} would change")
        for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            self.walk(inner)


def enqueue(r, name, args, id):
    raw = Encoder(allow_nan=False).encode({"id": id, "name": name, "args": args})
    with r.pipeline(transaction=True) as pipe:
        pipe.sadd("queues", "jobs")
        pipe.lpush("jobs", raw)
        pipe.execute()
    return id
