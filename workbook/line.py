"""A line to a broker that can go dead: in silence, as behind a pulled cable, with a hang-up, as when the broker dies, or
frozen for a while, as when the broker's process stands still.

    with Line(host, port) as line:
        connection = pika.BlockingConnection(pika.ConnectionParameters(line.host, line.port, …))
        line.silence()      # bytes vanish in both directions, and nobody is told
        line.hang_up()      # both ends see the connection closed
        line.freeze()       # bytes wait on the way, until line.thaw(): then they arrive, also when the client is gone

Only who talks through this line is hit; the broker and everybody else go on. Threads of the calling process, 127.0.0.1
alone, prints nothing.
"""

import contextlib
import socket
import threading
import time

HOST = "127.0.0.1"


class Line:
    """Listens at `.host`, `.port` and passes bytes to the target and back, until told otherwise.

    As a context manager it hangs up at the end of the block.
    """

    def __init__(self, target_host, target_port):
        self.target = (target_host, target_port)
        self.silent = False
        self._flowing = threading.Event()
        self._flowing.set()
        self._ends, self._passing = [], []
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

    def freeze(self):
        """From now on nothing arrives, and nothing is lost: as with a broker that is stopped by SIGSTOP.

        A new connection is accepted all the same, by the operating system, and stays without an answer.
        """
        self._flowing.clear()

    def thaw(self):
        """What was held up arrives now, in its order; a client may have given up meanwhile, its bytes arrive even so."""
        self._flowing.set()

    def wait_closed(self, within=3.0):
        """Wait until every connection that was ever made has ended on both sides; False if one is still open.

        Its client has to have closed it. Then the broker has seen all of its bytes: it closes its side after the last one.
        """
        deadline = time.monotonic() + within
        for thread in list(self._passing):
            thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in self._passing)

    def hang_up(self):
        """Close every connection, and accept no other: what the clients of a killed broker see."""
        for end in (self._listener, *self._ends):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self._flowing.set()  # what was held up is lost now

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
                thread = threading.Thread(target=self._pass, args=(source, target), name="line", daemon=True)
                self._passing.append(thread)
                thread.start()

    def _pass(self, source, target):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self._flowing.wait()
                if not self.silent:
                    with contextlib.suppress(OSError):  # the target has gone; the source may still have something to say
                        target.sendall(data)
            self._flowing.wait()
            if not self.silent:
                target.shutdown(socket.SHUT_WR)
