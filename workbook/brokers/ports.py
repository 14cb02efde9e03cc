"""Ports: high ones, a set per checkout, remembered, and chosen anew when somebody else has taken one."""

import errno
import json
import random
import socket
import zlib

from workbook import paths
from workbook.brokers import state
from workbook.trouble import Trouble

FIRST, LAST = 20000, 32000
"""Below the ports that systems take for outgoing connections, above every broker's standard port."""

_STEP = 50  # a checkout's first choice is a block of this size, so that two checkouts rarely meet


def _remembered():
    try:
        return json.loads((paths.STATE / "ports.json").read_text())
    except (FileNotFoundError, ValueError):
        return {}


def free(port, host="127.0.0.1"):
    """Whether a server could listen there now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as candidate:
        # As servers do it: connections that linger after a restart are no obstacle.
        candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            candidate.bind((host, port))
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                return False
            raise
    return True


def of(instance, purposes, ours=()):
    """The ports of one instance, {purpose: port}, from those remembered or chosen now.

    A remembered port that is taken is replaced, except for the purposes in `ours`: those it has taken itself.
    """
    with state.lock("ports"):
        remembered = _remembered()
        known = remembered.get(instance, {})
        used = {port for ports in remembered.values() for port in ports.values()}
        candidates = _candidates(used)
        chosen = {}
        for purpose in purposes:
            port = known.get(purpose)
            if port is None or not (purpose in ours or free(port)):
                port = next((candidate for candidate in candidates if free(candidate)), None)
                if port is None:
                    raise Trouble(f"no free port between {FIRST} and {LAST}: end some servers and try again.")
            chosen[purpose] = port
        if chosen != known:
            remembered[instance] = chosen
            state.save(paths.STATE / "ports.json", remembered)
    return chosen


def _candidates(used):
    """Every port of the range, this checkout's own block first, then at random."""
    blocks = (LAST - FIRST) // _STEP
    start = FIRST + zlib.crc32(str(paths.ROOT).encode()) % blocks * _STEP
    own = list(range(start, start + _STEP))
    others = [port for port in range(FIRST, LAST) if port not in own]
    random.shuffle(others)
    return iter([port for port in own + others if port not in used])
