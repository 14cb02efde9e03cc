"""Web services in workers: told by POST, down and up again on one port, held at exact points, gone with their corner."""

import json
import socket
import urllib.error
import urllib.request

import pytest

from workbook.lab import Corner


@pytest.fixture
def corner(shared_brokers):
    with Corner(()) as corner:
        yield corner


def post(service, data, timeout=10):
    request = urllib.request.Request(service.url, json.dumps(data).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=timeout) as answer:
        return answer.status


def noting(corner):
    world = corner.world
    return lambda data: world.mail(data["to"], data["text"])


def test_it_is_told_by_post_and_answers_when_the_work_is_done(corner):
    service = corner.web_service("support", noting(corner))
    assert post(service, {"to": "Ada", "text": "Oslo"}) == 204
    assert corner.world.mails() == [("Ada", "Oslo")]


def test_what_its_work_raises_is_answered_with_500_and_it_goes_on(corner):
    service = corner.web_service("support", noting(corner))
    with pytest.raises(urllib.error.HTTPError) as refused:
        post(service, {"nothing": "to note"})
    assert (refused.value.code, refused.value.reason) == (500, "KeyError")
    assert post(service, {"to": "Ada", "text": "Oslo"}) == 204


def test_stopped_it_refuses_and_nobody_else_gets_its_port_and_started_again_it_serves_there(corner):
    service = corner.web_service("support", noting(corner))
    url = service.url
    service.stop()
    with pytest.raises(urllib.error.URLError) as failed:
        post(service, {"to": "Ada", "text": "Oslo"})
    assert isinstance(failed.value.reason, ConnectionRefusedError)
    with socket.socket() as other, pytest.raises(OSError):
        other.bind(("127.0.0.1", service.port))
    service.start()
    assert service.url == url
    assert post(service, {"to": "Ada", "text": "Oslo"}) == 204


def test_held_after_its_work_it_answers_nobody_and_works_a_second_request_meanwhile(corner):
    service = corner.web_service("support", noting(corner))
    service.stop()
    service.start(fault="hold after mail")
    with pytest.raises(TimeoutError):
        post(service, {"to": "Ada", "text": "Oslo"}, timeout=1)
    assert service.worker.wait_held() == "held after its mail"
    assert post(service, {"to": "Ada", "text": "Oslo"}) == 204
    assert len(corner.world.mails()) == 2


def test_it_listens_on_this_machine_alone_and_is_gone_with_its_corner(shared_brokers):
    import psutil

    with Corner(()) as corner:
        service = corner.web_service("support", noting(corner))
        listening = [c.laddr for c in psutil.Process(service.worker.pid).net_connections() if c.status == "LISTEN"]
        assert [(address.ip, address.port) for address in listening] == [("127.0.0.1", service.port)]
    assert not service.worker.alive
    with socket.socket() as free:
        free.bind(("127.0.0.1", service.port))  # nobody holds the port any more
