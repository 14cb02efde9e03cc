"""Lab 22's promise: adding FraudScore, removing Business Partners and exchanging the producer leave everybody else's source
untouched, byte for byte. Held against the notebook's own cells, and by running these programs on the real broker.
"""

import ast
import hashlib
import inspect

import pytest

from workbook import paths
from workbook.builder import answers, sources
from workbook.lab import Corner
from workbook.taught import lab21, lab22

LAB = next(lab for lab in sources.read_all(paths.ROOT) if lab.number == "22")
BROKER = "ch.exchange_declare"
"""The cell that holds it first is where the webhooks end and the events begin."""

STAY = ("contracts", "invoices")
SERVICES = ("partners", *STAY, "fraudscore", "support")
PRODUCERS = ("orders", "portal")
SHARED = ("listen", "tell", "noted_by")


def definitions(cells):
    """name -> the source of each of its definitions in these cells, in their order."""
    found = {}
    for cell in cells:
        for node in cell.tree.body:
            if isinstance(node, ast.FunctionDef):
                found.setdefault(node.name, []).append(ast.get_source_segment(cell.source, node))
    return found


def halves(cells):
    """The cells before the first one with the broker, and the others."""
    begins = next(n for n, cell in enumerate(cells) if BROKER in cell.source)
    return cells[:begins], cells[begins:]


def changed(cells):
    """Which services and what they share are defined more than once where events are used: they had to be changed."""
    by_event = definitions(halves(cells)[1])
    return [name for name in (*SERVICES, *PRODUCERS, *SHARED) if len(by_event.get(name, [])) > 1]


class Cell:
    """A cell with this source, as far as the functions above look at it."""

    def __init__(self, source):
        self.source, self.tree = source, ast.parse(source)


def test_with_webhooks_the_sender_is_defined_anew_for_each_receiver_that_is_new():
    by_webhook = definitions(halves(LAB.code_cells)[0])
    assert "fraudscore" not in by_webhook["orders"][-2] and "fraudscore" in by_webhook["orders"][-1]


def test_with_events_nobody_is_defined_anew():
    by_event = definitions(halves(LAB.code_cells)[1])
    assert {*SERVICES, *PRODUCERS, "listen", "tell"} <= by_event.keys()
    assert changed(LAB.code_cells) == []


def test_a_service_that_is_defined_anew_is_noticed():
    # One byte more in Invoices, in a cell further down: what the test above is there to find.
    (source,) = definitions(halves(LAB.code_cells)[1])["invoices"]
    assert changed([*LAB.code_cells, Cell(source + "\n    # and FraudScore")]) == ["invoices"]


def test_no_program_names_another_ones_queue():
    by_event = definitions(halves(LAB.code_cells)[1])
    for name in (*SERVICES, *PRODUCERS, "listen", "tell"):
        texts = [
            node.value for node in ast.walk(ast.parse(by_event[name][0]))
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        ]
        named = [other for other in (*SERVICES, *PRODUCERS) if other in texts and other != name]
        assert not named, f"{name} names {named}"


@pytest.fixture
def programs(shared_brokers):
    """The programs as they stand in the lab, with a corner of the broker to run them in."""
    with Corner(("rabbitmq",)) as corner:
        known = {"message": lab21.message, "subscribe": lab22.subscribe, "world": corner.world}
        imports = "import hashlib, inspect, json\nimport pika\n"
        found = {**definitions(halves(LAB.code_cells)[1]), "noted_by": definitions(LAB.code_cells)["noted_by"]}
        source = imports + "\n\n\n".join(found[name][-1] for name in (*SHARED, *SERVICES, *PRODUCERS))
        yield corner, answers.load(source, known)


def fingerprint(programs, names):
    return {name: hashlib.sha256(inspect.getsource(programs[name]).encode()).hexdigest() for name in names}


def test_fraudscore_comes_business_partners_goes_orders_is_replaced_and_nobody_else_is_touched(programs):
    corner, programs = programs
    stay = (*STAY, *SHARED)
    before = fingerprint(programs, stay)

    def start(name):
        worker = corner.worker(programs[name], corner.amqp(), name=name, fault="hold after basic.consume")
        assert worker.wait_held()
        worker.release()
        return worker

    def heard(producer, *what):
        """Who hears of it when this producer tells one change."""
        corner.world.forget()
        corner.run(programs[producer], corner.amqp(), *what, within=20)
        expected = len([name for name, worker in running.items() if worker.alive])
        corner.until(lambda: len(corner.world.mails()) >= expected, within=20)
        return sorted(subject.split()[0] for _, subject in corner.world.mails())

    running = {name: start(name) for name in ("partners", *STAY)}
    at_first = {name: running[name].pid for name in STAY}
    assert heard("orders", "Ada", "Oslo") == ["contracts", "invoices", "partners"]

    running["fraudscore"] = start("fraudscore")
    assert heard("orders", "Bob", "Rome") == ["contracts", "fraudscore", "invoices", "partners"]

    running["partners"].kill()
    corner.connect().channel().queue_delete("partners")
    assert heard("orders", "Cleo", "Lima") == ["contracts", "fraudscore", "invoices"]
    assert heard("portal", {"partner": "Dan", "city": "Bonn"}) == ["contracts", "fraudscore", "invoices"]

    assert fingerprint(programs, stay) == before
    assert all(running[name].alive and running[name].pid == at_first[name] for name in STAY)
