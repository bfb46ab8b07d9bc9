# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A daemon that says what a test wants, and a receiver over HTTP that records what it gets and answers as it is told."""
import json, os, random, socket, ssl, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Daemon:
    """As output/socket.h: whoever is connected gets each line from then on."""

    def __init__(self, path):
        self.path, self.lock, self.readers = path, threading.Lock(), []
        self.series, self.sequence = "%016x" % random.getrandbits(64), 0
        self.listen()

    def listen(self):
        if os.path.exists(self.path):
            os.unlink(self.path)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.bind(self.path)
        self.socket.listen(64)
        threading.Thread(target=self.accept, args=(self.socket,), daemon=True).start()

    def accept(self, listener):
        try:
            while True:
                reader = listener.accept()[0]
                reader.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, (5).to_bytes(8, "little") + bytes(8))
                with self.lock:
                    self.readers.append(reader)
        except OSError:
            pass

    def connected(self):
        with self.lock:
            return len(self.readers) > 0

    def end(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        with self.lock:
            for reader in self.readers:
                reader.close()
            self.readers = []

    def raw(self, line):
        with self.lock:
            for reader in list(self.readers):
                try:
                    reader.sendall(line)
                except OSError:
                    self.readers.remove(reader)

    def alert(self, **more):
        """One alert; returns its event.id."""
        self.sequence += 1
        name = "%s-%x" % (self.series, self.sequence)
        alert = {
            "@timestamp": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime()) + ".%06dZ" % random.randrange(10**6),
            "ecs": {"version": "8.11.0"},
            "event": {"id": name, "kind": "alert", "action": "token-written",
                      "sequence": self.sequence, "severity": 73},
            "message": "python3 wrote API token dt0c01.ABCDEFGH to /srv/ä.log",
            "rule": {"name": "prod tokens are urgent"},
            "token": {"identifier": "dt0c01.ABCDEFGH", "type": "API token"},
            "process": {"pid": 7, "name": "python3"}, "user": {"id": "0", "name": "root"},
            "file": {"path": "/srv/ä.log"}, "host": {"name": "node 1"},
        } | more
        self.raw(json.dumps(alert, ensure_ascii=False).encode() + b"\n")
        return name


class Receiver:
    """answer(request) -> status, or (status, headers, body), or "close", "garbage", "hang", "endless"."""

    def __init__(self, answer=lambda request: 204, certificate=None, port=0):
        self.answer, self.requests, self.lock, self.ended = answer, [], threading.Lock(), threading.Event()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *words):
                pass

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                request = {"path": self.path, "headers": dict(self.headers), "body": body, "time": time.monotonic()}
                said = receiver.answer(request)
                request["said"] = said = "close" if receiver.ended.is_set() else said
                with receiver.lock:
                    receiver.requests.append(request)
                if isinstance(said, str):
                    self.close_connection = True
                if said == "garbage":
                    self.wfile.write(os.urandom(300))
                elif said == "hang":
                    receiver.ended.wait(20)
                elif said == "endless":
                    self.endless()
                elif said != "close":
                    self.say(*(said if isinstance(said, tuple) else (said, {}, b"")))

            def endless(self):
                self.send_response(200)
                self.end_headers()
                try:
                    while True:
                        self.wfile.write(b"x" * 65536)
                except OSError:
                    pass

            def say(self, status, headers, body):
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                if status != 204:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if status != 204:
                    self.wfile.write(body)

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 64

            def handle_error(self, request, address):
                pass

        self.server = Server(("127.0.0.1", port), Handler)
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_port
        self.url = f"{'https' if certificate else 'http'}://127.0.0.1:{self.port}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def close(self):
        self.ended.set()
        self.server.shutdown()
        self.server.server_close()

    def taken(self):
        """Requests that were answered with success."""
        with self.lock:
            return [r for r in self.requests if (r["said"] if isinstance(r["said"], int) else r["said"][0] if isinstance(r["said"], tuple) else 0) // 100 == 2]

    def ids(self):
        """Of CloudEvents that it has taken, in their order."""
        return [json.loads(request["body"])["id"] for request in self.taken()]


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]
