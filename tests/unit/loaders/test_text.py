import pytest

from rag.loaders import Loaded, load_bytes
from rag.loaders.text import title_from
from rag.types import Article

LONG = "The Kestrel Bridge will stay shut to motor traffic until October after cracks were found in its hangers."


def read(content: str, name: str = "kestrel_bridge-shut.txt") -> Article:
    (item,) = load_bytes(name, content.encode())
    assert isinstance(item, Loaded), item.error
    return item.article


@pytest.mark.parametrize(
    "content", [f"Bridge shut\n\n{LONG}\n", f"\n  Bridge shut \n{LONG}", f"\ufeffBridge shut\r\n\r\n{LONG}"]
)
def test_a_headline_is_the_title_and_not_in_the_text(content: str) -> None:
    assert (read(content).title, read(content).text) == ("Bridge shut", LONG)


@pytest.mark.parametrize(
    "content",
    [
        LONG,
        f"It is shut.\n\n{LONG}",
        f"\u201cIt is shut!\u201d\n\n{LONG}",
        "A bridge that is wrapped at a margin\nand goes on in the next line",
        f"{'Long ' * 40}\n\n{LONG}",
        "Bridge shut\n\n",
    ],
)
def test_a_first_line_that_is_no_headline_belongs_to_the_text(content: str) -> None:
    article = read(content)
    assert article.title == "Kestrel bridge shut"
    assert article.text.startswith(content[:10])


def test_lines_that_were_not_broken_to_fit_a_page_are_paragraphs() -> None:
    article = read(f"{LONG * 3}\nA heading\n{LONG * 3}")
    assert article.text == f"{LONG * 3}\n\nA heading\n\n{LONG * 3}"


def test_wrapped_lines_stay_together() -> None:
    text = "A first line that ends\nin the middle of it.\n\nAnother."
    assert read(text).text == text


@pytest.mark.parametrize(
    ("article_id", "title"), [("world/blinken-visit", "Blinken visit"), ("a_b", "A b"), ("---", "---"), ("é", "É")]
)
def test_a_title_from_an_id(article_id: str, title: str) -> None:
    assert title_from(article_id) == title
