"""A line to a broker that can go dead: in silence, as behind a pulled cable, or with a hang-up, as when the broker dies.

    with Line(host, port) as line:
        connection = pika.BlockingConnection(pika.ConnectionParameters(line.host, line.port, …))
        line.silence()      # bytes vanish in both directions, and nobody is told
        line.hang_up()      # both ends see the connection closed

Only who talks through this line is hit; the broker and everybody else go on. Threads of the calling process, 127.0.0.1
alone, prints nothing.
"""

import contextlib
import socket
import threading

HOST = "127.0.0.1"


class Line:
    """Listens at `.host`, `.port` and passes bytes to the target and back, until told otherwise.

    As a context manager it hangs up at the end of the block.
    """

    def __init__(self, target_host, target_port):
        self.target = (target_host, target_port)
        self.silent = False
        self._ends = []
        self._listener = socket.create_server((HOST, 0), backlog=64)
        self.host, self.port = self._listener.getsockname()[:2]
        threading.Thread(target=self._accept, name="line", daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.hang_up()

    def silence(self):
        """From now on nothing arrives, in either direction, and no end is told: the cable is pulled."""
        self.silent = True

    def hang_up(self):
        """Close every connection, and accept no other: what the clients of a killed broker see."""
        for end in (self._listener, *self._ends):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return  # hung up
            self._ends.append(client)
            try:
                broker = socket.create_connection(self.target, timeout=10)
            except OSError:
                client.close()
                continue
            broker.settimeout(None)
            self._ends.append(broker)
            for source, target in ((client, broker), (broker, client)):
                source.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=self._pass, args=(source, target), name="line", daemon=True).start()

    def _pass(self, source, target):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if not self.silent:
                    target.sendall(data)
            if not self.silent:
                target.shutdown(socket.SHUT_WR)
