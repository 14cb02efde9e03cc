"""Pickles: whoever reads the job needs this program.

expects: WRONG
says: an element of jobs is a whole job in JSON
"""


import pickle


def enqueue(r, name, args, id):
    r.lpush("jobs", pickle.dumps({"id": id, "name": name, "args": args}))
    return id
