"""Does a broker serve? Asked in its own protocol, because an open port is not yet an answer."""

import base64
import json
import socket
import urllib.error
import urllib.request


def problem(name, address, timeout=1.0):
    """None if the broker serves a client, else what was in the way, in a few words."""
    try:
        _PROBES[name](address, timeout)
    except Exception as error:  # whatever a client library raises here means: not yet
        return f"{type(error).__name__}: {error}".split("\n")[0][:200]
    return None


def listening(host, port, timeout=0.5):
    """Whether somebody accepts connections there: the cheapest question."""
    try:
        with socket.create_connection((host, port), timeout):
            return True
    except OSError:
        return False


def _redis(address, timeout):
    with socket.create_connection((address["host"], address["port"]), timeout) as connection:
        connection.settimeout(timeout)
        if address.get("password"):
            secret = address["password"]
            connection.sendall(f"AUTH {secret}\r\n".encode())
            _expect(connection, b"+OK")
        connection.sendall(b"PING\r\n")
        _expect(connection, b"+PONG")


def _expect(connection, wanted):
    answer = b""
    while not answer.endswith(b"\r\n"):
        part = connection.recv(1024)
        if not part:
            raise ConnectionError("closed before it answered")
        answer += part
    if not answer.startswith(wanted):
        # "-LOADING Redis is loading the dataset in memory" for instance
        raise ConnectionError(answer.decode(errors="replace").strip())


def _rabbitmq(address, timeout):
    # The management plugin opens last, so ask it first: a login costs more.
    if address.get("management_port"):
        management(address, "/api/overview", timeout)
    if not listening(address["host"], address["port"], timeout):
        raise ConnectionError("AMQP port closed")
    import pika

    parameters = pika.ConnectionParameters(
        host=address["host"],
        port=address["port"],
        virtual_host=address.get("vhost", "/"),
        credentials=pika.PlainCredentials(address["user"], address["password"]),
        connection_attempts=1,
        socket_timeout=timeout,
        stack_timeout=timeout * 2,
        blocked_connection_timeout=timeout,
    )
    with _quiet("pika"):
        pika.BlockingConnection(parameters).close()


def management(address, path, timeout=5.0, method="GET", body=None):
    """One call of RabbitMQ's management API; the parsed answer, or None for an empty one."""
    request = urllib.request.Request(
        f"http://{address['host']}:{address['management_port']}{path}",
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    secret = base64.b64encode(f"{address['user']}:{address['password']}".encode()).decode()
    request.add_header("Authorization", f"Basic {secret}")
    # A proxy named in the environment must not come between this machine and itself.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=timeout) as response:
        text = response.read()
    return json.loads(text) if text else None


def alarmed(address):
    """Whether a memory or disk alarm is raised on a RabbitMQ. Raises OSError when it does not answer."""
    try:
        management(address, "/api/health/checks/local-alarms")
    except urllib.error.HTTPError as answer:
        if answer.code != 503:
            raise
        return True
    return False


def _kafka(address, timeout):
    if not listening(address["host"], address["port"], timeout):
        raise ConnectionError("port closed")
    from kafka import KafkaAdminClient

    with _quiet("kafka"):
        client = KafkaAdminClient(
            bootstrap_servers=address.get("servers") or f"{address['host']}:{address['port']}",
            bootstrap_timeout_ms=1000,
            request_timeout_ms=2000,
        )
        try:
            cluster = client.describe_cluster()
        finally:
            client.close()
    joined = len(cluster["brokers"])
    if joined < address.get("brokers", 1):
        raise ConnectionError(f"{joined} of {address['brokers']} brokers joined")


def _activemq(address, timeout):
    if not _stomp_greeting(address, timeout).startswith("CONNECTED"):
        raise ConnectionError("no STOMP session")


def activemq_version(address, timeout=2.0):
    """The version that ActiveMQ says when a STOMP session opens."""
    for line in _stomp_greeting(address, timeout).splitlines():
        if line.startswith("server:"):
            return line.rpartition("/")[2]
    return "unknown"


def _stomp_greeting(address, timeout):
    with socket.create_connection((address["host"], address["port"]), timeout) as connection:
        connection.settimeout(timeout)
        connection.sendall(b"CONNECT\naccept-version:1.2\nhost:localhost\n\n\0")
        return connection.recv(1024).decode(errors="replace")


class _quiet:
    """Keeps a client library from logging what is expected while a broker starts."""

    def __init__(self, name):
        import logging

        self.logger = logging.getLogger(name)

    def __enter__(self):
        self.level = self.logger.level
        self.logger.setLevel(100)

    def __exit__(self, *_):
        self.logger.setLevel(self.level)


_PROBES = {
    "redis": _redis,
    "rabbitmq": _rabbitmq,
    "kafka": _kafka,
    "kafka-cluster": _kafka,
    "activemq": _activemq,
}
