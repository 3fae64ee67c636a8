"""A server on this machine, for downloads without a network."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tidu.vision.datasets import download


class Server:
    """Serves `files` (bytes by path), in the ways in which servers fail.

    - `failures`: status codes that the next requests are answered with.
    - `cut_at`: how many bytes the next answers send before the connection breaks.
    - `ranges`: whether it can send a part of a file.
    - `requests`: (path, first byte asked for) of every request so far.
    """

    def __init__(self):
        self.files = {}
        self.failures = []
        self.cut_at = []
        self.ranges = True
        self.requests = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                server.answer(self)

            def log_message(self, *args):
                pass  # would go to standard error

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True).start()

    def answer(self, request):
        asked = request.headers.get("Range")
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
        self.requests.append((request.path, start))
        content = self.files.get(request.path)
        if self.failures:
            request.send_error(self.failures.pop(0))
        elif content is None:
            request.send_error(404)
        elif start >= len(content) and start and self.ranges:
            request.send_response(416)
            request.send_header("Content-Range", f"bytes */{len(content)}")
            request.send_header("Content-Length", "0")
            request.end_headers()
        else:
            self._send(request, content, start if self.ranges else 0)

    def _send(self, request, content, start):
        rest = content[start:]
        request.send_response(206 if start else 200)
        request.send_header("Content-Length", str(len(rest)))
        if start:
            end = len(content) - 1
            request.send_header("Content-Range", f"bytes {start}-{end}/{len(content)}")
        request.end_headers()
        request.wfile.write(rest[: self.cut_at.pop(0)] if self.cut_at else rest)

    def close(self):
        self._http.shutdown()
        self._http.server_close()


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr(download, "RETRY_DELAY", 0.0)
    monkeypatch.delenv("TIDU_DATASETS_MIRROR", raising=False)
    for variable in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(variable, raising=False)
    server = Server()
    yield server
    server.close()
