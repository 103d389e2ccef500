"""A web server whose every answer a test chooses, and a CSV of its pictures."""

import io
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from PIL import Image


def picture(number: int, *, format: str = "JPEG", size: tuple[int, int] = (80, 60)) -> bytes:
    """A picture file of noise, another one for each number."""
    pixels = np.random.default_rng(number).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, format)
    return file.getvalue()


class Web:
    """``answers`` maps a path to a function that gets the handler and the number of this request, from 1 on."""

    def __init__(self) -> None:
        self.answers, self.asked, self.agents, self.lock = {}, Counter(), set(), threading.Lock()
        web = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                with web.lock:
                    web.asked[self.path] += 1
                    web.agents.add(self.headers["User-Agent"])
                    number = web.asked[self.path]
                web.answers[self.path](self, number)

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: object) -> None:  # a client that goes away is no error here
                pass

        self.server = Server(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()


def reply(handler, body=b"", *, status=200, length=None, **headers):
    handler.send_response(status)
    headers = {"Content-Type": "image/jpeg", **{name.replace("_", "-"): value for name, value in headers.items()}}
    for name, value in headers.items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(body) if length is None else length))
    handler.end_headers()
    handler.wfile.write(body)
    if length is not None:
        handler.close_connection = True


@pytest.fixture
def web():
    server = Web()
    yield server
    server.server.shutdown()
    server.server.server_close()


@pytest.fixture
def csv_of(tmp_path):
    def write(rows):
        """Write rows (id, url, landmark_id)."""
        path = tmp_path / "subset.csv"
        path.write_text("id,url,landmark_id\n" + "".join(f"{id},{url},{landmark}\n" for id, url, landmark in rows))
        return path

    return write
