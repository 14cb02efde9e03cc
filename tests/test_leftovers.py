"""A notebook takes everything with it that it put on RabbitMQ, and touches nobody else's virtual host."""

import json
import time
import urllib.request
from base64 import b64encode

import nbformat
import pika
import pytest

from workbook import exercises, lab, paths
from workbook.builder import executing

FIRST = "import threading as _threads; _before = set(_threads.enumerate())"
LAST = """
import gc as _gc, json as _json
from workbook.lab import Lease as _Lease
# A kernel's own threads may begin late: zmq has one as soon as a message is large, as an image is.
_new = [thread.name for thread in set(_threads.enumerate()) - _before
        if thread.is_alive() and type(thread).__module__.split(".")[0] not in ("zmq", "ipykernel", "IPython")]
print(_json.dumps([sorted(one.number for one in _gc.get_objects() if isinstance(one, _Lease)), sorted(_new)]))
"""
OTHER = "somebody-elses"
"""A virtual host that no lab has made."""


def labs():
    return [number for number in exercises.labs() if number[0] == "2" and "rabbitmq" in exercises.brokers_of(number)]


def manage(address, method, path, body=None):
    request = urllib.request.Request(
        f"http://{address['host']}:{address['management_port']}/api/{path}",
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={
            "Content-Type": "application/json",
            "Authorization": "Basic " + b64encode(f"{address['user']}:{address['password']}".encode()).decode(),
        },
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        text = answer.read()
    return json.loads(text) if text else None


@pytest.fixture
def other(shared_brokers):
    """A virtual host of somebody else's, with an exchange, a queue, a binding and a message; its definitions."""
    address = shared_brokers.address("rabbitmq")
    manage(address, "PUT", f"vhosts/{OTHER}", {})
    manage(address, "PUT", f"permissions/{OTHER}/{address['user']}", {"configure": ".*", "write": ".*", "read": ".*"})
    parameters = pika.ConnectionParameters(
        address["host"], address["port"], OTHER, pika.PlainCredentials(address["user"], address["password"])
    )
    with pika.BlockingConnection(parameters) as connection:
        ch = connection.channel()
        ch.confirm_delivery()
        ch.exchange_declare("events", "topic", durable=True)
        ch.queue_declare("invoices", durable=True)
        ch.queue_bind("invoices", "events", "#")
        ch.basic_publish("events", "order.placed", b"order 1", pika.BasicProperties(delivery_mode=2))
    yield address, parameters, manage(address, "GET", f"definitions/{OTHER}")
    manage(address, "DELETE", f"vhosts/{OTHER}")


@pytest.mark.parametrize("number", labs())
def test_a_notebook_leaves_nothing_on_the_broker(number, other):
    address, parameters, definitions = other
    path = next((paths.ROOT / "solutions").glob(f"{number}-*.ipynb"))
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.insert(0, nbformat.v4.new_code_cell(FIRST))
    notebook.cells.append(nbformat.v4.new_code_cell(LAST))
    executing.execute(notebook, path.parent, strict=True, where=path.name)
    corners, threads = json.loads(notebook.cells[-1].outputs[0].text)
    assert corners, "the notebook never opened a corner, so there was nothing to leave behind"
    assert threads == []
    vhosts = {f"wb-{corner}" for corner in corners if corner not in lab.places_in_use()}
    assert vhosts & {one["name"] for one in manage(address, "GET", "vhosts")} == set()
    assert _connections(address, vhosts) == []
    assert manage(address, "GET", f"definitions/{OTHER}") == definitions
    with pika.BlockingConnection(parameters) as connection:
        ch = connection.channel()
        assert ch.basic_get("invoices")[2] == b"order 1"
        assert ch.basic_get("invoices")[2] is None


def _connections(address, vhosts, within=15):
    """The names of the connections in these virtual hosts: the API tells of an end some seconds later."""
    deadline = time.monotonic() + within
    while True:
        left = [one["name"] for one in manage(address, "GET", "connections") if one.get("vhost") in vhosts]
        if not left or time.monotonic() > deadline:
            return left
        time.sleep(0.2)
