"""Articles that want to be more than text."""

from urllib.parse import quote

import pytest

from tests.browser.archive import HOSTILE
from tests.browser.page import Page

pytestmark = pytest.mark.browser

INSPECTOR = "Who is the zeppelin inspector of Lindmark?"
PLACE = f"/#/article/{quote(HOSTILE['id'], safe='')}?start=4&end=40"


@pytest.mark.parametrize("width", [1280, 400])
def test_article_stays_text(page: Page, width: int) -> None:
    page.resize(width)
    page.open_question(INSPECTOR)
    page.find(".caption a").click()
    page.wait_for("#article mark.current")
    assert "".join(page.texts("#article .text")) == HOSTILE["text"]
    assert page.find("#article h2").get_property("textContent") == HOSTILE["title"]
    assert (
        page.js(
            "return document.querySelectorAll('main img, main script, main iframe, aside img, aside script').length"
        )
        == 0
    )
    assert page.driver.title.endswith("Quoth")
    assert page.overflow() == 0


def test_only_web_addresses_become_links(page: Page) -> None:
    addresses = {
        "https://example.org/a": "https://example.org/a",
        "HTTP://example.org": "http://example.org/",
        "javascript:alert(1)": None,
        " java\nscript:alert(1)": None,
        "data:text/html,<script>alert(1)</script>": None,
        "file:///etc/passwd": None,
        "//example.org": None,
        "": None,
    }
    page.open(PLACE)
    page.wait_for("#article mark.current")
    script = "return import('/text.js').then(({ webAddress }) => arguments[0].map(webAddress))"
    assert page.js(script, [*addresses]) == [*addresses.values()]
    assert page.attribute("[data-show=original]", "href") == HOSTILE["url"]
    links = "return [...document.links].filter((link) => link.origin !== location.origin).length"
    assert page.js(links) == 1


def test_right_to_left_paragraph_is_set_from_the_right(page: Page) -> None:
    page.open(PLACE)
    page.wait_for("#article mark.current")
    directions = page.js(
        "return [...document.querySelectorAll('#article .text p')].map((p) => getComputedStyle(p).direction)"
    )
    assert directions[0] == "ltr"
    assert "rtl" in directions


def test_source_and_tag_are_offered_as_text(page: Page) -> None:
    page.open()
    page.wait_until("document.querySelector('select[name=source]').options.length > 1")
    assert HOSTILE["source"] in page.texts("select[name=source] option")
    assert HOSTILE["tags"][0] in page.texts("select[name=tag] option")


def test_hostile_question_stays_text(page: Page) -> None:
    page.open_question("<img src=x onerror=document.title='owned'> captain?", source="<b>")
    assert page.driver.title == "<img src=x onerror=document.title='owned'> captain? – Quoth"
    assert page.js("return document.querySelectorAll('main img, main b').length") == 0


def test_page_needs_nothing_inline(page: Page) -> None:
    """What the Content-Security-Policy forbids is not even tried: the console, which is checked, would tell."""
    page.open_question(INSPECTOR)
    assert page.js("return document.querySelectorAll('[style], style, script:not([src])').length") == 0
