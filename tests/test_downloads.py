"""Downloads are resumed, verified, and explained when there is no network: a server on this machine is the oracle."""

import hashlib
import io
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
import torchvision
from torch import nn

from cnnlab.models import build


@pytest.fixture(scope="module")
def theirs() -> dict[str, torch.Tensor]:
    return torchvision.models.resnet18(num_classes=4).state_dict()


def ours() -> nn.Module:
    return build("resnet18", weights="imagenet", num_classes=4)


class Server:
    """Serves one file over HTTP on this machine; ``cut`` breaks the first answer off.

    In part where asked, unless it has no ``parts``; in one piece of a length that it says, unless in ``chunks``.
    """

    def __init__(self, content: bytes) -> None:
        self.content, self.ranges, self.cut, self.parts, self.chunks = content, [], 0, True, False
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                asked = self.headers.get("Range")
                server.ranges.append(asked)
                asked = asked if server.parts else None
                start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
                if start >= len(server.content):
                    self.send_error(416)
                    return
                body = server.content[start:]
                self.send_response(206 if asked else 200)
                if server.chunks:
                    self.send_header("Transfer-Encoding", "chunked")
                    body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
                else:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body[: server.cut] if server.cut else body)
                server.cut, self.close_connection = 0, True

            def log_message(self, *args: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
        self.address = f"http://127.0.0.1:{self.http.server_port}"


@pytest.fixture
def server(theirs, monkeypatch, tmp_path):
    file = io.BytesIO()
    torch.save(theirs, file)
    server = Server(file.getvalue())
    digest = hashlib.sha256(server.content).hexdigest()[:8]
    server.url = f"{server.address}/resnet18-{digest}.pth"
    entry = {"IMAGENET1K_V1": SimpleNamespace(url=server.url)}
    monkeypatch.setattr(torchvision.models, "get_model_weights", lambda name: entry)
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    server.path = tmp_path / "checkpoints" / server.url.rpartition("/")[2]
    yield server
    server.http.shutdown()
    server.http.server_close()


def test_imagenet_weights_are_downloaded_once_verified_and_loaded(server, theirs):
    for _ in range(2):
        net = ours()
        assert torch.equal(net.features.conv1.weight, theirs["conv1.weight"])
    assert server.ranges == [None]
    assert server.path.read_bytes() == server.content
    assert net.recipe == {"name": "resnet18", "options": {"num_classes": 4}}


def test_a_download_that_broke_off_goes_on_where_it_stopped(server, theirs):
    server.cut = 1_000_000
    with pytest.raises(OSError, match=r"broke off after 1,000,000 of .* bytes.*Try again"):
        ours()
    assert not server.path.exists()
    ours()
    assert server.ranges == [None, "bytes=1000000-"]
    assert server.path.read_bytes() == server.content


def test_an_answer_in_chunks_that_is_cut_off_is_explained_and_goes_on_where_it_stopped(server):
    server.cut, server.chunks = 1_000_000, True
    with pytest.raises(OSError, match=r"could not be downloaded \(IncompleteRead.*Try again .*EfficientNet-Lite0"):
        ours()
    ours()
    assert server.ranges[0] is None
    assert int(server.ranges[1].removeprefix("bytes=").removesuffix("-")) > 0
    assert server.path.read_bytes() == server.content


def test_a_server_that_sends_the_whole_file_again_replaces_the_beginning(server):
    server.cut, server.parts = 1_000_000, False
    with pytest.raises(OSError, match="broke off after"):
        ours()
    ours()
    assert server.ranges == [None, "bytes=1000000-"]
    assert server.path.read_bytes() == server.content


def test_a_download_that_was_whole_already_is_verified_and_kept(server):
    server.path.parent.mkdir(parents=True)
    part = server.path.with_name(server.path.name + ".part")
    part.write_bytes(server.content)
    ours()
    assert server.ranges == [f"bytes={len(server.content)}-"]
    assert server.path.read_bytes() == server.content
    assert not part.exists()


def test_a_second_broken_file_takes_the_place_of_the_first(server, monkeypatch):
    def rename(path, target):  # as Windows does
        if target.exists():
            raise FileExistsError(target)
        return path.replace(target)

    monkeypatch.setattr(Path, "rename", rename)
    server.path.parent.mkdir(parents=True)
    for content in (b"first", b"second"):
        server.path.write_bytes(content)
        with pytest.raises(OSError, match="has the SHA-256 .*fetch it again"):
            ours()
    assert server.path.with_name(server.path.name + ".broken").read_bytes() == b"second"


def test_a_file_with_another_hash_is_set_aside_and_never_loaded(server):
    server.path.parent.mkdir(parents=True)
    server.path.write_bytes(b"not a checkpoint")
    with pytest.raises(OSError, match=r"has the SHA-256 .*it is now resnet18-.*\.broken: fetch it again"):
        ours()
    assert not server.path.exists()
    ours()  # and then it is fetched
    server.path.unlink()
    server.content = server.content[:-1] + b"?"
    with pytest.raises(OSError, match="has the SHA-256"):
        ours()
    assert not server.path.exists()


def test_without_a_network_the_error_says_which_file_to_put_where_and_names_the_backbone_that_needs_none(server):
    server.http.shutdown()
    server.http.server_close()
    with pytest.raises(
        OSError, match=r"could not be downloaded .*put it there: .*resnet18-.*EfficientNet-Lite0"
    ) as info:
        ours()
    assert str(server.path) in str(info.value)
