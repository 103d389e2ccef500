"""The rules for lectures of the second edition: plain words, blocks drawn, predictions answered, numbers measured."""

import re
from itertools import pairwise

import nbformat
import pytest

from cnnlab.course.exercises.tasks import tasks
from cnnlab.course.publish.measured import claims, contradictions
from cnnlab.course.publish.running import execute
from tests.notebooks.conftest import NOTEBOOKS, SECOND, SOLUTIONS, prose

EVERY = pytest.mark.parametrize("path", SECOND, ids=lambda path: path.stem)

# What not to write, and what instead.
WORDS = {
    r"behind (?:each|every|the|it)\b": "followed by",
    r"\bsees? past\b": "also depends on pixels outside",
    r"\bwhoever\b": "to get …, do …",
    r"\bpays? the more\b": "pays off more as … grows",
    r"\b(?:shall|die|dies|guilty|rescues?)\b": "say what happens",
    r"\b(?:dice|crumbs?|bills?|mend|sheets?|outline|telling|sight)\b": "the field's word",
    r"\b(?<!class )(?<!feature )(?<!activation )(?<!heat )maps? of \d": "channels, feature maps",
    r"\bon ours\b": "on our machine",
}
# What a lecture explains in bold or in a heading, and what the alt text of its drawing must say.
BLOCKS = {
    r"1×1 convolution": r"kernels of \d+×1×1",
    r"dimension reduction": r"1×1 convolution, \d+ channels; 3×3",
    r"MLP convolution": r"An MLP convolution: .*1×1 convolution",
    r"inception module": r"(?s)inception module: .*concatenation.*with dimension reductions: .*concatenation",
    r"small GoogLeNet": r"small GoogLeNet: .*inception",
    r"auxiliary classifier": r"auxiliary classifiers: .*loss 4a",
    r"inception v2": r"(?s)Figure 5: .*Figure 6: .*Figure 7: .*branch",
    r"grid-size reduction": r"stride 2.*concatenation",
    r"padding|stride": r"stride \d",
    r"highway (?:layer|block)": r"gate",
    r"residual block": r"sum|added",
    r"bottleneck block": r"1×1 convolution.*3×3.*1×1 convolution.*(?:sum|added)",
    r"ResNeXt": r"groups",
    r"Gram matrix": r"Gram matrix",
    r"freezing|frozen": r"frozen",
    r"pipeline": r"subset.*download.*inspect.*split",
    r"stratified sample": r"stratified sample: .*give each its share",
    r"\*\*download\*\*": r"One download: .*a line with the reason.*ask again",
    r"perceptual hash": r"A perceptual hash: .*256 bits",
    r"\*\*split\*\*": r"A split: .*groups of copies",
    r"out of fold": r"Judged out of fold: .*judge the last 1/5",
}
DRAWS = ("look.schematic(", "look.channels(", "look.sliding(", "look.gram_matrix(")


def sections(path):
    """Cells from one ## heading to the next."""
    cells = nbformat.read(path, 4).cells
    starts = [n for n, cell in enumerate(cells) if cell.cell_type == "markdown" and "\n## " in f"\n{cell.source}"]
    return [cells[first:last] for first, last in pairwise([*starts, len(cells)])]


def explained(cells) -> str:
    """Headings and bold words."""
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    return "\n".join(re.findall(r"^## .*$|\*\*[^*\n]+\*\*", text, re.MULTILINE))


def drawings(cells) -> str:
    drawn = [cell for cell in cells if cell.cell_type == "code" and cell.source.rpartition("\n")[2].startswith(DRAWS)]
    return "\n".join(output.data["text/plain"] for cell in drawn for output in cell.outputs)


def test_lecture_06_is_of_the_second_edition():
    assert "06" in {path.name[:2] for path in SECOND}


@EVERY
def test_a_lecture_and_its_exercise_are_in_plain_words(path):
    for file in (path, NOTEBOOKS / "solutions" / path.name):
        text = re.sub(r"<!--.*?-->|`[^`]*`|\$\$?.*?\$\$?", "", prose(file), flags=re.DOTALL)
        for word, instead in WORDS.items():
            found = re.search(rf".{{0,40}}(?:{word}).{{0,40}}", text, re.IGNORECASE)
            assert found is None, f"{file.name}: …{found.group()}… ({instead})"


@EVERY
def test_a_lecture_has_two_to_three_thousand_words(path):
    text = re.sub(r"<!--.*?-->|\$\$?.*?\$\$?|`[^`]*`|\]\([^)]*\)", "", prose(path), flags=re.DOTALL)
    assert 2000 <= len(re.findall(r"[^\W\d_]{2,}", text)) <= 3000


@EVERY
def test_every_block_that_is_explained_is_drawn_in_its_section(path):
    drawn = 0
    for cells in sections(path):
        text = explained(cells)
        for block, alt in BLOCKS.items():
            if re.search(block, text, re.IGNORECASE):
                assert re.search(alt, drawings(cells)), f"{cells[0].id}: {block} is explained and not drawn"
                drawn += 1
    assert drawn >= 3


@EVERY
def test_a_block_is_drawn_before_a_cell_defines_it(path):
    """A class or function that builds a network stands after a drawing of its section."""
    for cells in sections(path):
        kinds = [
            "drawn" if any(word in cell.source for word in DRAWS) else "built" if "nn.Module)" in cell.source else ""
            for cell in cells
            if cell.cell_type == "code"
        ]
        assert "built" not in kinds or kinds.index("drawn") < kinds.index("built"), cells[0].id


@EVERY
def test_every_prediction_is_followed_by_its_answer_which_is_folded(path):
    asked = 0
    for cells in sections(path):
        open_ = {}
        for cell in cells:
            if cell.cell_type != "code":
                continue
            for name in re.findall(r"(\w+)\.answer\(", cell.source):
                open_.pop(name)  # KeyError: an answer without a question before it
                html = "".join(output.get("data", {}).get("text/html", "") for output in cell.outputs)
                assert html.startswith("<details>"), cell.id
            for name, question in re.findall(r"(\w+) = Prediction\((?:\s*)\"([^\"]+)\"", cell.source):
                assert question.endswith("?"), cell.id
                assert cell.source.endswith(f"\n{name}"), f"{cell.id} does not show its question"
                open_[name] = cell.id
                asked += 1
        assert open_ == {}, "predictions without an answer"
    assert asked >= 6


@EVERY
def test_measured_numbers_are_those_of_the_saved_run(path):
    notebook = nbformat.read(path, 4)
    assert sum(len(claims(cell)) for cell in notebook.cells) >= 6
    assert contradictions(notebook) == []


@EVERY
def test_a_comparison_with_a_trained_network_carries_its_measurement(path):
    """Sentences that compare accuracies, losses or gradients by an amount."""
    amount = r"\b(?:points|in ten|of ten|hundreds? of times|thousands? of times|a (?:half|third|quarter|sixth) of)\b"
    for cell in nbformat.read(path, 4).cells:
        if cell.cell_type == "markdown" and not cell.id.startswith("predict"):
            for sentence in re.split(r"(?<=[.?!:])\s+(?![^<]*-->)", cell.source):
                if re.search(amount, sentence) and re.search(r"accura|loss|gradient|reads|layer", sentence):
                    assert "<!-- measured:" in sentence, f"{cell.id}: {sentence}"


@EVERY
@pytest.mark.slow
@pytest.mark.notebook
def test_a_repeated_run_gives_the_numbers_of_the_prose(path):
    notebook = nbformat.read(path, 4)
    execute(notebook, folder=path.parent)
    assert contradictions(notebook) == []


@EVERY
def test_the_exercise_of_a_lecture_describes_its_questions(path):
    exercise = NOTEBOOKS / "exercises" / path.name
    assert tasks(nbformat.read(exercise, 4)), exercise.name
    assert path.name in {solution.name for solution in SOLUTIONS}
