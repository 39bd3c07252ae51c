"""The article beside the answer: the quote marked to the character, links that lead back to it, copying."""

from urllib.parse import quote

import httpx2
import pytest

from tests.browser.archive import FERRY
from tests.browser.page import Page

pytestmark = pytest.mark.browser

CAPTAIN = "Who is the captain of the ferry Marigold?"
PATH = "/v1/articles/" + quote(FERRY["id"], safe="")


def stored_text(page: Page) -> str:
    text: str = httpx2.get(page.url + PATH).json()["text"]
    return text


def test_citation_opens_the_article_at_the_quote(page: Page) -> None:
    page.open_question(CAPTAIN)
    shown = page.texts(".best .sources mark")[0]
    page.open_citation()
    assert page.marked() == shown == "Joren Pell"
    assert page.find("#article h2").text == FERRY["title"]
    assert page.find("#article [data-show=byline]").text == "Northlight Wire · A. Writer · 4 May 2024"
    assert page.js("return document.activeElement.id") == "article-title"
    assert page.texts("#result [aria-current] mark") == ["Joren Pell"], "the quote that is open is told from the others"
    assert "".join(page.texts("#article .text p")) == stored_text(page)


def test_marked_words_are_those_the_offsets_name(page: Page) -> None:
    """The archive counts code points, the browser UTF-16 units: emoji stand before the quote."""
    page.open_question(CAPTAIN)
    page.open_citation()
    start, end = page.js(
        "const query = new URLSearchParams(location.hash.split('?')[1]);"
        "return [Number(query.get('start')), Number(query.get('end'))]"
    )
    assert stored_text(page)[start:end] == page.marked()


def test_quote_is_scrolled_to_the_middle_and_steps_lead_to_the_others(page: Page) -> None:
    page.open_question(CAPTAIN)
    page.open_citation()
    assert len(page.texts("#article mark:not(.current)")) >= 1
    places = page.find("#article [data-show=position]").text
    count = int(places.rpartition(" ")[2])
    while page.find("[data-do=next]").is_enabled():
        page.find("[data-do=next]").click()
    assert page.find("#article [data-show=position]").text == f"{count} of {count}"
    page.wait_until("document.querySelector('#article mark.current').getBoundingClientRect().top < innerHeight")
    top = page.js("return document.querySelector('#article mark.current').getBoundingClientRect().top")
    assert 860 * 0.3 < top < 860 * 0.7
    page.find("[data-do=previous]").click()
    assert page.find("#article [data-show=position]").text == f"{count - 1} of {count}"
    page.driver.back()
    page.wait_until("document.querySelector('#article').hidden")


def test_link_to_a_quote_reopens_it(page: Page) -> None:
    page.open_question(CAPTAIN)
    page.open_citation()
    link = page.driver.current_url
    page.open(link.removeprefix(page.url))
    page.wait_for("#article mark.current")
    assert page.marked() == "Joren Pell"
    page.wait_for(".answer")
    without_question = "/#" + link.partition("#")[2]
    page.open(without_question)
    page.wait_for("#article mark.current")
    assert page.marked() == "Joren Pell"
    assert not page.find("#article .notice").is_displayed()


def test_link_to_a_passage_across_paragraphs(page: Page) -> None:
    text = stored_text(page)
    page.open(f"/#/article/{quote(str(FERRY['id']), safe='')}?start=3&end=170")
    page.wait_for("#article mark.current")
    assert page.marked() == text[3:170]
    assert "\n\n" in page.marked()


def test_link_to_a_changed_article_warns(page: Page) -> None:
    page.open(f"/#/article/{quote(str(FERRY['id']), safe='')}?start=3&end=9&sha256=0123456789ab")
    assert "has changed since it was quoted" in page.wait_for("#article .notice").text


@pytest.mark.parametrize("query", ["", "?start=9&end=3", "?start=-1&end=3", "?start=a&end=b", "?start=5"])
def test_link_without_a_sound_place_shows_the_article(page: Page, query: str) -> None:
    page.open(f"/#/article/bridge{query}")
    assert page.wait_for("#article h2").text == "Bridge closed to lorries"
    assert page.texts("#article mark") == []


def test_place_beyond_the_end_marks_up_to_the_end(page: Page) -> None:
    page.open("/#/article/bridge?start=79&end=999999")
    page.wait_for("#article mark.current")
    assert page.marked() == "August."


def test_article_that_is_not_there(page: Page) -> None:
    page.tolerated = "status of 404"
    page.open("/#/article/nothing?start=1&end=2")
    assert page.wait_for("#article h2").text == "This article cannot be shown"
    assert "nothing" in page.find("#article .notice").text


@pytest.mark.parametrize("fragment", ["/article/", "/article/%E0%A4", "nonsense", "/article"])
def test_odd_fragment_is_ignored(page: Page, fragment: str) -> None:
    page.open(f"/#{fragment}")
    page.wait_for("#examples li")
    assert not page.find("#article").is_displayed()


def test_copying(page: Page) -> None:
    page.driver.execute_cdp_cmd(
        "Browser.grantPermissions",
        {"origin": page.url, "permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]},
    )
    page.open_question(CAPTAIN)
    page.open_citation()
    page.find("[data-do=copy-quote]").click()
    page.wait_until("document.querySelector('[data-do=copy-quote]').textContent === 'Copied'")
    words, source, link = page.js("return navigator.clipboard.readText()").split("\n")
    assert words == "“Joren Pell”"
    assert source.startswith("A. Writer, “Ferry 🚢 gets a new captain”, Northlight Wire, 4 May 2024, characters ")
    assert link == FERRY["url"]
    page.find("[data-do=copy-link]").click()
    page.wait_until("document.querySelector('#status').textContent === 'Copied'")
    page.wait_until("document.querySelector('[data-do=copy-link]').textContent === 'Copied'")
    assert page.js("return navigator.clipboard.readText()") == page.driver.current_url
    page.wait_until("document.querySelector('[data-do=copy-link]').textContent === 'Copy link'")


def test_original_opens_elsewhere_and_tells_nothing(page: Page) -> None:
    page.open_question(CAPTAIN)
    page.open_citation()
    original = page.find("[data-show=original]")
    assert original.get_attribute("href") == FERRY["url"]
    assert original.get_attribute("rel") == "noopener noreferrer"
    page.open("/#/article/bridge")
    page.wait_for("#article h2")
    assert not page.find("[data-show=original]").is_displayed()


def test_closing_returns_to_the_citation(page: Page) -> None:
    page.open_question(CAPTAIN)
    page.open_citation()
    page.find("[data-do=close]").click()
    assert not page.find("#article").is_displayed()
    assert "#" not in page.driver.current_url
    assert page.js("return document.activeElement.matches('.best .sources blockquote a')")
