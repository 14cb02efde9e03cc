"""A web service of the shop: an HTTP server in a worker process, on 127.0.0.1 alone, that is told things by POST.

Its port is reserved for as long as the service is there, also while its process is down: a request is then refused by
the operating system, as at a machine whose program has ended, and nobody else can be given the port meanwhile.
"""

import json
import socket
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from workbook.trouble import Trouble

HOST = "127.0.0.1"


class WebService:
    """Calls `answer(data)` with the JSON of each POST. Made by a lab's `web_service(...)`; it is up at once.

    A request is answered 204 (no content) when `answer` has returned, 500 when it raised. Its process is `.worker`.
    """

    def __init__(self, corner, name, answer):
        self.name = name
        self._corner, self._answer = corner, answer
        # Bound and never listening: it keeps the port, and gets no connection.
        self._reserved = _bound(0)
        self.port = self._reserved.getsockname()[1]
        self.url = f"http://{HOST}:{self.port}/"
        self.start()

    def start(self, fault=None):
        """Start its process, on the same port as before, and wait until it takes requests. fault: see `workbook.faults`."""
        self.worker = self._corner.worker(serve, self.port, self._answer, name=self.name, fault=fault)
        if not self._corner.until(lambda: self.listens or not self.worker.alive, within=20) or not self.worker.alive:
            raise Trouble(f"the web service {self.name} did not start; run the cell again.")

    def stop(self):
        """SIGKILL: from now on requests are refused."""
        self.worker.kill()

    @property
    def listens(self):
        with socket.socket() as probe:
            return probe.connect_ex((HOST, self.port)) == 0

    def close(self):
        """Give the port back, and end the process."""
        self.worker.close()
        self._reserved.close()


def _bound(port):
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    bound.bind((HOST, port))
    return bound


def serve(port, answer):
    """Serve for ever; each request in a thread of its own. Runs in the worker."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            try:
                answer(json.loads(body))
                self.send_response(204)
            except Exception as error:
                self.send_response(500, type(error).__name__)
            self.end_headers()

        def log_message(self, *_):
            pass

    class Server(ThreadingHTTPServer):
        def server_bind(self):
            # HTTPServer's own asks for the host's name, which needs the network.
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            self.socket.bind(self.server_address)

        def handle_error(self, *_):
            pass  # who asked has hung up; there is nobody to tell

    Server((HOST, port), Handler).serve_forever()
