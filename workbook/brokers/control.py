"""Which backend, and everything that is done to all brokers at once: up, down, status, reset.

A backend is a module with `prepare(progress)` (have what it needs, or raise Trouble), `addresses()` (of every
instance, {role: {name: address}}), `instance(name, role)`, and, if it starts or stops all services in one go
better than one by one, `start_all(instances)` and `stop_all(wipe)`, and `prepare_extras(names)` for what only
some labs need. `compose.available()` says (yes or no, why).
"""

import concurrent.futures
import importlib
import os
import time

from workbook.brokers import probes, state
from workbook.brokers.base import EXTRAS, NAMES, ROLES, TITLES
from workbook.trouble import Trouble

BACKENDS = ("native", "compose", "external")


def _module(backend):
    if backend not in BACKENDS:
        raise Trouble(f"there is no backend {backend!r}: choose one of {', '.join(BACKENDS)}.")
    return importlib.import_module(f"workbook.brokers.{backend}")


def choose(wanted=None):
    """(backend, why): what was asked for, what serves already, or the best that this machine offers."""
    wanted = wanted or os.environ.get("WORKBOOK_BACKEND")
    if wanted:
        if wanted not in BACKENDS:
            raise Trouble(f"there is no backend {wanted!r}: choose one of {', '.join(BACKENDS)}.")
        return wanted, "asked for"
    recorded = state.backend("shared")
    if recorded and any(_alive(recorded, name, "shared") for name in NAMES):
        return recorded, "it is running"
    usable, why = _compose_available()
    return ("compose", why) if usable else ("native", why)


def _compose_available():
    try:
        compose = _module("compose")
    except ImportError:
        return False, "no compose backend"
    return compose.available()


def _alive(backend, name, role):
    try:
        return _module(backend).instance(name, role).running()
    except (Trouble, ImportError):
        return False


def instance(name, role="shared"):
    """The Instance of a broker on the recorded backend."""
    roles = {"kafka-cluster": ("shared", "1", "2", "3"), "activemq": ("shared",)}.get(name, ROLES)
    if name not in TITLES or role not in roles:
        raise Trouble(
            f"there is no broker {name!r} of role {role!r}: {', '.join(NAMES)}; {', '.join(ROLES)}."
        )
    backend = state.backend(role if role in ROLES else "shared")
    if backend is None:
        raise Trouble(
            f"{name} was never started in this checkout: run `python3 -m workbook up` in a terminal."
        )
    return _module(backend).instance(name, role)


def up(progress=None, backend=None, names=NAMES):
    """Start the shared brokers side by side; returns when each serves a client."""
    say = progress or (lambda line: None)
    chosen, why = choose(backend)
    say(f"backend: {chosen} ({why})")
    module = _module(chosen)
    with state.lock("up", deadline=1800.0):
        previous = state.backend("shared")
        if previous not in (None, chosen, "external"):
            _leave(previous, say)
        module.prepare(say)
        if set(names) - set(NAMES) and hasattr(module, "prepare_extras"):
            module.prepare_extras(names)
        brokers = [module.instance(name, "shared") for name in names]
        _write_down(chosen, module)
        started = time.monotonic()
        if hasattr(module, "start_all"):
            module.start_all(brokers)
        with concurrent.futures.ThreadPoolExecutor(len(brokers)) as pool:
            waiting = {pool.submit(_start_one, broker): broker for broker in brokers}
            failures = []
            for done in concurrent.futures.as_completed(waiting):
                broker = waiting[done]
                if done.exception():
                    failures.append(done.exception())
                    say(f"  {broker.title} failed after {time.monotonic() - started:.1f} s")
                else:
                    host, port = broker.address["host"], broker.address["port"]
                    say(
                        f"  {broker.title} {done.result()} serves on {host}:{port} … "
                        f"{time.monotonic() - started:.1f} s"
                    )
    for failure in failures:
        raise failure


def _leave(backend, say):
    """Stop the brokers of the backend that was used before. One that is gone by now holds nobody up."""
    try:
        stop_backend(backend)
    except Trouble as trouble:
        say(f"  the brokers on {backend} could not be asked to stop ({trouble}) Going on without them.")


def _start_one(broker):
    broker.resume() if broker.backend != "external" else None
    broker.start()
    broker.wait_ready()
    return broker.version()


def _write_down(chosen, module):
    """Record the backend and every address; those of instances that run are what they were."""
    fresh = module.addresses()
    with state.changing() as record:
        record["backends"] = {"shared": chosen, "crash": "native" if chosen == "external" else chosen}
        addresses = record.setdefault("addresses", {})
        for role, of_role in fresh.items():
            addresses.setdefault(role, {}).update(of_role)


def down(wipe=False, progress=None):
    """Stop every broker that this checkout started, whatever the backend."""
    say = progress or (lambda line: None)
    recorded = set(state.read().get("backends", {}).values()) | {"native"}
    failures = []
    for backend in sorted(recorded - {"external"}):
        try:
            stop_backend(backend, wipe, say)
        except Trouble as trouble:
            failures.append(trouble)  # the others are stopped all the same
    for failure in failures:
        raise failure


def stop_backend(backend, wipe=False, say=lambda line: None):
    """Stop (and empty) all instances of one backend, side by side."""
    module = _module(backend)
    if hasattr(module, "stop_all"):
        module.stop_all(wipe)
        return
    instances = [module.instance(name, role) for role in ROLES for name in NAMES]
    instances += [module.instance(name, "shared") for name in EXTRAS]

    def end(broker):
        ran = broker.running()
        broker.stop()
        if wipe:
            broker.wipe()
        return ran

    with concurrent.futures.ThreadPoolExecutor(len(instances)) as pool:
        for broker, ran in zip(instances, pool.map(end, instances), strict=True):
            if ran:
                say(f"  {broker.called} stopped" + (", its data removed" if wipe else ""))


def status():
    """One line a broker; crash-test instances only when they run."""
    if not state.backend("shared"):
        return ["no broker was ever started here: run `python3 -m workbook up`"]
    lines = [f"backend: {state.backend('shared')}"]
    for role in ROLES:
        for name in [*NAMES, *(EXTRAS if role == "shared" and state.backend("shared") != "external" else ())]:
            broker = instance(name, role)
            running = broker.running()
            if not running and (role == "crash" or name in EXTRAS):
                continue
            place = f"{broker.address['host']}:{broker.address['port']}"
            if not running:
                lines.append(f"  {broker.called}: not running ({place}); run `python3 -m workbook up`")
                continue
            problem = probes.problem(name, broker.address)
            answer = "answers" if problem is None else f"does not answer ({problem})"
            lines.append(f"  {broker.called} {broker.version()}: {place}, {answer}")
    return lines


def reset():
    """Empty what labs left: Redis' databases, vhosts and topics that begin with wb-, on crash-test instances
    too.

    External brokers are shared with others, whose corners have such names too: nothing is removed there.
    """
    from workbook.brokers import emptying

    if not state.backend("shared"):
        raise Trouble("no broker was ever started here: run `python3 -m workbook up` first.")
    lines = []
    for role in ROLES:
        for name in NAMES:
            if state.backend(role) == "external":
                lines.append(f"{TITLES[name]}: external, never emptied")
                continue
            broker = instance(name, role)
            if role == "shared" or broker.running():
                lines.append(f"{broker.called}: {emptying.empty(name, broker.address)}")
    return lines
