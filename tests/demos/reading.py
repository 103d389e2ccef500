"""What a reader sees of a demo."""

from bs4 import BeautifulSoup

from cnnlab import demos


def picture(demo: demos.Demo) -> tuple[str, str]:
    """The address of its image, and the alternative text."""
    image = BeautifulSoup(demo.picture.value, "html.parser").find("img")
    return image["src"], image["alt"]


def alt(demo: demos.Demo) -> str:
    return picture(demo)[1]


def status(demo: demos.Demo) -> str:
    return BeautifulSoup(demo.status.value, "html.parser").get_text("\n")
