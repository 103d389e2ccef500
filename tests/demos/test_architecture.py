"""The demo of the zoo: networks, sizes and tables."""

import pytest
from bs4 import BeautifulSoup

from cnnlab import demos
from cnnlab.demos import _architecture as architecture
from cnnlab.demos._architecture import Choice, Settings
from cnnlab.models import MODELS
from tests.demos.reading import alt, status


@pytest.fixture(scope="module")
def demo():
    demo = demos.architecture()
    yield demo
    demo.close()


@pytest.fixture(autouse=True)
def _default(demo):
    with demo.one_redraw():
        demo.first.value, demo.second.value = "vgg16", "resnet34"
        demo.first_size.value = demo.second_size.value = "3×224×224"


def tables(demo: demos.Demo) -> dict[str, list[list[str]]]:
    """The rows of each table, by its caption."""
    page = BeautifulSoup(demo.tables.value, "html.parser")
    return {
        table.caption.text: [[cell.text for cell in row("td")] for row in table.tbody("tr")] for table in page("table")
    }


def test_two_networks_are_drawn_with_their_layers_and_costs(demo):
    assert "vgg16 for pictures of 3×224×224: 138,357,544 parameters" in alt(demo)
    assert "Below it: resnet34 for pictures of 3×224×224: 21,797,672 parameters" in alt(demo)
    first, second = tables(demo).items()
    assert first[0] == "vgg16, 3×224×224: 38 layers"
    assert first[1][0] == ["conv1_1", "64×224×224", "1,792", "86,704,128", "3×3"]  # 27·64 + 64, 27·64·224²
    assert second[0].startswith("resnet34, 3×224×224: ")
    assert "138,357,544 parameters (527.8 MiB in float32), 15.5 billion multiply-adds" in status(demo)


def test_every_network_of_the_zoo_can_be_chosen_at_the_size_of_its_paper(demo):
    assert demo.first.options == demo.second.options[1:] == tuple(MODELS)
    demo.second.value = "none"
    for name in ("lenet5", "googlenet", "highway", "landmark_cnn", "tronnet"):
        demo.first.value = name
        assert demo.settings.first == Choice(name, "×".join(map(str, MODELS[name].paper.input_size)))
        assert alt(demo).startswith(f"{name} for pictures of {demo.first_size.value}")


def test_the_input_size_changes_drawing_table_and_costs(demo):
    demo.first_size.value = "1x64x96"
    assert "vgg16 for pictures of 1×64×96" in alt(demo)
    assert tables(demo)["vgg16, 1x64x96: 38 layers"][0][1:3] == ["64×64×96", "640"]
    assert "vgg16, 1x64x96: " in status(demo)


def test_one_network_alone(demo):
    demo.second.value = "none"
    assert "Below it" not in alt(demo)
    assert len(tables(demo)) == 1
    assert demo.second_size.disabled
    demo.second.value = "lenet5"
    assert "Below it: lenet5 for pictures of 1×28×28" in alt(demo)
    assert not demo.second_size.disabled


@pytest.mark.parametrize(
    ("name", "size", "message"),
    [
        ("vgg16", "3x16x16", r"at least 32×32 pixels, got input_size=\(16, 16\); enlarge"),
        ("vgg16", "224", "an input size is written channels x height x width, as in 3x224x224, got '224'"),
        ("vgg16", "3x224x99999", "each from 1 to 16,384"),
        ("nun", "3×32×32", "no network is called 'nun'"),
    ],
)
def test_settings_that_cannot_be_are_refused(name, size, message):
    with pytest.raises(ValueError, match=message):
        architecture.figure(Settings(Choice(name, size), None))


def test_tables_can_be_scrolled_by_keyboard_and_have_headings(demo):
    page = BeautifulSoup(demo.tables.value, "html.parser")
    regions = page.select("div[role=region]")
    assert [region["aria-label"] for region in regions] == ["layers of vgg16", "layers of resnet34"]
    assert {region["tabindex"] for region in regions} == {"0"}
    assert [heading.text for heading in page.table("th")][:2] == ["layer", "output"]
