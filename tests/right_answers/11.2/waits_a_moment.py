"""BRPOP with a short wait; every kind of failure told apart by hand."""


import json


def reason_not_to(raw, handlers):
    try:
        job = json.loads(raw)
    except ValueError as error:
        return f"not JSON: {error}"
    if not isinstance(job, dict):
        return "not a job"
    if "args" not in job:
        return "no args"
    if job.get("name") not in handlers:
        return f"nobody does {job.get('name')!r}"
    try:
        handlers[job["name"]](job["args"])
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return None


def work_off(r, handlers):
    done = 0
    while popped := r.brpop(["jobs"], timeout=0.05):
        raw = popped[1]
        reason = reason_not_to(raw, handlers)
        if reason is None:
            done += 1
        else:
            r.lpush("failed", json.dumps({"job": raw.decode(errors="replace"), "reason": reason, "at": "now"}))
    return done
