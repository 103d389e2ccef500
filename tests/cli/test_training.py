"""`cnnlab train` and `cnnlab classify --network`: from a folder of pictures to the class of a new one."""

import json

import pandas as pd
import pytest
from PIL import Image, ImageDraw
from typer.testing import CliRunner

import cnnlab
from cnnlab import models
from cnnlab.cli import app

SHAPES = ("circle", "square")


def cnnlab_says(*arguments: object):
    return CliRunner().invoke(app, [*map(str, arguments)])


def shape(kind: str, number: int) -> Image.Image:
    picture = Image.new("RGB", (120, 100), (10 * number, 90, 200 - 8 * number))
    box = (20 + number, 15 + number % 3, 70 + number, 65 + number % 3)
    draw = ImageDraw.Draw(picture)
    (draw.ellipse if kind == "circle" else draw.rectangle)(box, fill=(250, 240, 20 * (number % 9)))
    return picture


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """What the command writes and says for a folder of 20 pictures, with a network for small pictures."""
    root = tmp_path_factory.mktemp("train")
    for kind in SHAPES:
        (root / "pictures" / kind).mkdir(parents=True)
        for number in range(10):
            shape(kind, number).save(root / "pictures" / kind / f"{number}.png")
    path = root / "net.safetensors"
    said = cnnlab_says("train", root / "pictures", "--from", "lenet5", "--out", path, "--epochs", 3, "--json")
    return root, said


def test_the_network_its_card_the_report_and_the_curves_are_written(trained):
    root, said = trained
    assert said.exit_code == 0, said.stderr
    told = json.loads(said.stdout)
    assert told["files"] == [
        str(root / name) for name in ("net.safetensors", "net.json", "net-report.csv", "net-curves.png")
    ]
    assert len(told["history"]) == 3
    card = json.loads((root / "net.json").read_text())
    assert card["classes"] == list(SHAPES)
    assert (card["preprocess"]["resize"], card["preprocess"]["crop"]) == (32, 32)
    assert "16 training pictures" in card["notes"]
    table = pd.read_csv(root / "net-report.csv", index_col="class")
    assert list(table.index) == list(SHAPES)
    with Image.open(root / "net-curves.png") as curves:
        assert curves.width > 300
    assert cnnlab.load(root / "net.safetensors").card["options"]["num_classes"] == 2


def test_a_new_photograph_is_classified_with_it(trained):
    root, _ = trained
    shape("square", 3).save(root / "new.png")
    said = cnnlab_says("classify", root / "new.png", "--network", root / "net.safetensors", "--json")
    assert said.exit_code == 0, said.stderr
    (photo,) = json.loads(said.stdout)["photos"]
    assert {guess["name"] for guess in photo["classes"]} == set(SHAPES)
    assert sum(guess["probability"] for guess in photo["classes"]) == pytest.approx(1)
    assert cnnlab_says("classify", root / "new.png", "--network", root / "net.safetensors", "--top", 3).exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nowhere", "--out", "net.safetensors"), "cnnlab: there is no folder nowhere"),
        ((".", "--out", "net.pt"), "cnnlab: --out must name a .safetensors file, got net.pt"),
        ((".", "--out", "nowhere/net.safetensors"), "cnnlab: --out must lie in a folder that exists"),
        ((".", "--from", "resnet81", "--out", "net.safetensors"), "cnnlab: no network is called 'resnet81'"),
        (
            (".", "--from", "tronnet", "--out", "net.safetensors"),
            "cnnlab: nobody publishes ImageNet weights for tronnet",
        ),
    ],
)
def test_bad_input_ends_with_code_2_and_one_line(arguments, message):
    said = cnnlab_says("train", *arguments)
    assert said.exit_code == 2
    assert said.stderr.startswith(message)
    assert said.stderr.count("\n") == 1


def test_a_file_without_classes_or_preprocessing_is_refused_by_classify(tmp_path):
    cnnlab.save(tmp_path / "net.safetensors", models.build("lenet5"))
    shape("circle", 1).save(tmp_path / "new.png")
    said = cnnlab_says("classify", tmp_path / "new.png", "--network", tmp_path / "net.safetensors")
    assert said.exit_code == 2
    assert "does not say how photographs are prepared for its network" in said.stderr
