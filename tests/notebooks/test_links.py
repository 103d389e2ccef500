"""Lectures lead on: to the next one, to the exercise, to papers and the glossary; in the notebook and on its page."""

import re
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

import nbformat
import pytest
from bs4 import BeautifulSoup

from cnnlab.course.publish.pages import page
from cnnlab.course.publish.running import companions
from tests.notebooks.conftest import GLOSSARY, LECTURES, NOTEBOOKS, SOLUTIONS, prose

EVERY = pytest.mark.parametrize("path", [*LECTURES, GLOSSARY], ids=lambda path: path.stem)
README = (NOTEBOOKS.parent / "README.md").read_text(encoding="utf-8")
ARXIV = re.compile(r"https://arxiv\.org/abs/\d{4}\.\d{4,5}")


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> dict[Path, BeautifulSoup]:
    """What `cnnlab run --html` would write, made of the saved notebooks: pages by the path that it gives them."""
    folder = tmp_path_factory.mktemp("site")
    notebooks = {linked for lecture in LECTURES for linked in companions(lecture)} | set(LECTURES)
    pages = {}
    for notebook in notebooks:
        html = page(nbformat.read(notebook, 4), folder=notebook.parent)
        place = (folder / notebook.relative_to(NOTEBOOKS)).with_suffix(".html")
        text = re.sub(
            r'src="data:[^"]*"|<style.*?</style>', "", html, flags=re.DOTALL
        )  # megabytes that link to nothing
        pages[place] = BeautifulSoup(text, "html.parser")
    return pages


def links(path: Path) -> list[str]:
    """Targets of the links in a notebook's prose; formulas apart, where [x](y) is something else."""
    text = re.sub(r"\$\$?.*?\$\$?", "", prose(path), flags=re.DOTALL)
    return re.findall(r"\]\(([^)\s]+)\)", text)


def anchors(path: Path) -> set[str]:
    """What may follow # in a link to a notebook: its headings, with hyphens, as JupyterLab and nbconvert name them."""
    return {heading.strip().replace(" ", "-") for heading in re.findall(r"^#+ +(.+)$", prose(path), re.MULTILINE)}


@EVERY
def test_every_link_of_a_notebook_leads_somewhere(path):
    for link in links(path):
        target = urlsplit(link)
        if target.scheme:
            assert target.netloc != "arxiv.org" or ARXIV.fullmatch(link), link
            continue
        file = path.parent / unquote(target.path)
        assert file.is_file(), link
        assert not target.fragment or unquote(target.fragment) in anchors(file), link


@pytest.mark.parametrize("path", LECTURES, ids=lambda path: path.stem)
def test_a_lecture_links_to_its_exercise_the_next_lecture_the_glossary_and_its_papers(path):
    found = links(path)
    assert f"exercises/{path.name}" in found
    assert GLOSSARY.name in found
    following = LECTURES[LECTURES.index(path) + 1 :][:1]
    assert all(lecture.name in found for lecture in following)
    named = set(re.findall(r"arXiv:(\d{4}\.\d{4,5})", prose(path)))
    assert {f"https://arxiv.org/abs/{number}" for number in named} <= set(found)


@pytest.mark.slow
def test_every_link_of_every_page_leads_to_a_page_and_to_a_place_on_it(site):
    folder = min((place.parent for place in site), key=lambda parent: len(parent.parts))
    checked = 0
    for place, soup in site.items():
        for link in (anchor["href"] for anchor in soup.find_all("a", href=True)):
            target = urlsplit(link)
            if target.scheme:
                continue
            to = (place.parent / unquote(target.path)).resolve() if target.path else place
            assert to in site, f"{place.relative_to(folder)}: {link}"
            ids = {target.fragment, unquote(target.fragment), quote(unquote(target.fragment), safe="(),':?!")}
            assert not target.fragment or site[to].find(id=list(ids)), f"{place.name}: {link}"
            checked += bool(target.path)
    assert checked >= 3 * len(LECTURES)


@pytest.mark.parametrize("path", [*LECTURES, *SOLUTIONS, GLOSSARY], ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_lecture_that_is_named_exists_or_is_planned(path):
    course = README.partition("## The course")[2].partition("\n## ")[0]
    planned = set(re.findall(r"\b\d\d\b", course.partition("Planned:")[2].partition("\n")[0]))
    known = {lecture.name[:2] for lecture in LECTURES} | planned
    named = set(re.findall(r"[Ll]ectures? (\d\d)", prose(path)))
    named |= set(re.findall(r"[Ll]ectures? \d\d(?:, \d\d)* and (\d\d)", prose(path)))
    assert named <= known


def test_every_term_of_the_glossary_is_defined_once_and_used_in_the_lecture_that_it_names():
    terms, definitions = zip(*re.findall(r"^## (.+)\n\n(.+)$", prose(GLOSSARY), re.MULTILINE), strict=True)
    assert len(terms) >= 36
    assert list(terms) == sorted(set(terms), key=str.casefold)
    for term, definition in zip(terms, definitions, strict=True):
        number, file = re.search(r"\(\[lecture (\d\d)\]\((.*)\)\)$", definition).groups()
        assert file.startswith(number)
        text = prose(NOTEBOOKS / file).casefold()
        missing = [word for word in re.findall(r"\w{4,}", term.casefold()) if word[:7] not in text]
        assert missing == [], f"lecture {number} does not use {term!r}"
