"""A notebook takes everything with it that it put on RabbitMQ, and touches nobody else's virtual host."""

import json
import time

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


@pytest.fixture
def other(shared_brokers):
    """A corner, and a virtual host of somebody else's with an exchange, a queue, a binding and a message in it."""
    with lab.Corner(("rabbitmq",)) as corner:
        parameters = corner.amqp()
        parameters.virtual_host = OTHER
        corner.manage("PUT", f"vhosts/{OTHER}", {})
        user = parameters.credentials.username
        corner.manage("PUT", f"permissions/{OTHER}/{user}", {"configure": ".*", "write": ".*", "read": ".*"})
        with pika.BlockingConnection(parameters) as connection:
            ch = connection.channel()
            ch.confirm_delivery()
            ch.exchange_declare("events", "topic", durable=True)
            ch.queue_declare("invoices", durable=True)
            ch.queue_bind("invoices", "events", "#")
            ch.basic_publish("events", "order.placed", b"order 1", pika.BasicProperties(delivery_mode=2))
        yield corner, parameters
        corner.manage("DELETE", f"vhosts/{OTHER}")


@pytest.mark.parametrize("number", labs())
def test_a_notebook_leaves_nothing_on_the_broker(number, other):
    corner, parameters = other
    definitions = corner.manage("GET", f"definitions/{OTHER}")
    path = next((paths.ROOT / "solutions").glob(f"{number}-*.ipynb"))
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.insert(0, nbformat.v4.new_code_cell(FIRST))
    notebook.cells.append(nbformat.v4.new_code_cell(LAST))
    executing.execute(notebook, path.parent, strict=True, where=path.name)
    corners, threads = json.loads(notebook.cells[-1].outputs[0].text)
    assert corners, "the notebook never opened a corner, so there was nothing to leave behind"
    assert threads == []
    vhosts = {f"wb-{corner}" for corner in corners if corner not in lab.places_in_use()}
    assert vhosts & {one["name"] for one in corner.manage("GET", "vhosts")} == set()
    assert _connections(corner, vhosts) == []
    assert corner.manage("GET", f"definitions/{OTHER}") == definitions
    with pika.BlockingConnection(parameters) as connection:
        ch = connection.channel()
        assert ch.basic_get("invoices")[2] == b"order 1"
        assert ch.basic_get("invoices")[2] is None


def _connections(corner, vhosts, within=15):
    """The names of the connections in these virtual hosts: the API tells of an end some seconds later."""
    deadline = time.monotonic() + within
    while True:
        left = [one["name"] for one in corner.manage("GET", "connections") if one.get("vhost") in vhosts]
        if not left or time.monotonic() > deadline:
            return left
        time.sleep(0.2)
