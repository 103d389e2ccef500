"""The demo of the zoo: networks, sizes, tables, and what it says when a network can't take the pictures."""

import pytest
from bs4 import BeautifulSoup

from cnnlab import demos
from cnnlab.demos import _architecture as architecture
from cnnlab.demos._architecture import Choice, Settings
from cnnlab.models import MODELS


@pytest.fixture
def demo():
    demo = demos.architecture()
    yield demo
    demo.close()


def alt(demo: demos.Demo) -> str:
    return BeautifulSoup(demo.picture.value, "html.parser").find("img")["alt"]


def tables(demo: demos.Demo) -> dict[str, list[list[str]]]:
    """The rows of each table, by its caption."""
    page = BeautifulSoup(demo.tables.value, "html.parser")
    return {
        table.caption.text: [[cell.text for cell in row("td")] for row in table.tbody("tr")] for table in page("table")
    }


def status(demo: demos.Demo) -> str:
    return BeautifulSoup(demo.status.value, "html.parser").text


def test_two_networks_are_drawn_with_their_layers_and_costs(demo):
    assert "vgg16 for pictures of 3×224×224: 138,357,544 parameters" in alt(demo)
    assert "Below it: resnet34 for pictures of 3×224×224: 21,797,672 parameters" in alt(demo)
    first, second = tables(demo).items()
    assert first[0] == "vgg16, 3×224×224: 38 layers"
    assert first[1][0] == ["conv1_1", "64×224×224", "1,792", "86,704,128", "3×3"]  # 27·64 + 64, 27·64·224²
    assert second[0].startswith("resnet34, 3×224×224: ")
    assert "138,357,544 parameters (527.8 MiB in float32), 15.5 billion multiply-adds" in status(demo)


def test_every_network_of_the_zoo_can_be_chosen_at_the_size_of_its_paper(demo):
    seen = []
    demo.second.family.value = "none"
    for family in demo.first.family.options:
        demo.first.family.value = family
        for member in demo.first.member.options:
            demo.first.member.value = member
            assert demo.settings.first == Choice(member, "×".join(map(str, MODELS[member].paper.input_size)))
            assert alt(demo).startswith(f"{member} for pictures of {demo.first.size.value}")
            seen.append(member)
    assert sorted(seen) == sorted(MODELS)


def test_the_input_size_changes_drawing_table_and_costs(demo):
    before = demo.picture.value
    demo.first.size.value = "1x64x96"
    assert demo.picture.value != before
    assert "vgg16 for pictures of 1×64×96" in alt(demo)
    assert tables(demo)["vgg16, 1x64x96: 38 layers"][0][1:3] == ["64×64×96", "640"]


def test_one_network_alone(demo):
    demo.second.family.value = "none"
    assert "Below it" not in alt(demo)
    assert len(tables(demo)) == 1
    assert demo.second.member.disabled
    demo.second.family.value = "LeNet"
    assert "Below it: lenet5 for pictures of 1×28×28" in alt(demo)
    assert not demo.second.member.disabled


@pytest.mark.parametrize(
    ("size", "message"),
    [
        ("3x16x16", "this VGG needs pictures of at least 32×32 pixels, got input_size=(16, 16); enlarge"),
        ("224", "an input size is written channels x height x width, as in 3x224x224, got '224'"),
        ("3x224x99999", "each from 1 to 16,384"),
    ],
)
def test_an_error_stands_in_the_demo_and_the_last_good_figure_stays(demo, size, message):
    before = demo.picture.value
    demo.first.size.value = size
    assert "This does not work:" in status(demo)
    assert message in status(demo)
    assert demo.picture.value == before
    demo.first.size.value = "3x64x64"
    assert "vgg16, 3x64x64: 43,985,704 parameters" in status(demo)
    assert demo.picture.value != before


def test_while_it_counts_it_says_so(demo):
    said = []
    demo.status.observe(lambda change: said.append(change["new"]), "value")
    demo.first.size.value = "3x96x96"
    assert any("counting layers …" in text for text in said[:-1])
    assert "parameters" in said[-1]


def test_tables_can_be_scrolled_by_keyboard_and_have_headings(demo):
    page = BeautifulSoup(demo.tables.value, "html.parser")
    regions = page.select("div[role=region]")
    assert [region["aria-label"] for region in regions] == ["layers of vgg16", "layers of resnet34"]
    assert {region["tabindex"] for region in regions} == {"0"}
    headings = [heading.text for heading in page.table("th")]
    assert headings == ["layer", "output", "parameters", "multiply-adds", "field (pixels)"]


def test_what_is_typed_is_shown_as_text(demo):
    demo.first.size.value = "<b>3x64x64"
    assert "<b>3x" not in demo.status.value
    assert "got '<b>3x64x64'" in status(demo)


def test_the_figure_is_pure():
    settings = Settings(Choice("nin", "3×32×32"), Choice("nin", "3×64×64"))
    first, second = architecture.figure(settings), architecture.figure(settings)
    assert first.png(scale=1) == second.png(scale=1)
    with pytest.raises(ValueError, match="no network is called 'nun'"):
        architecture.figure(Settings(Choice("nun", "3×32×32"), None))
