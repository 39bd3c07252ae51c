"""For every reader: dark and light, narrow and wide, keyboard alone, screen readers, less motion."""

import pytest
from selenium.webdriver.common.keys import Keys

from tests.browser.page import Page

pytestmark = pytest.mark.browser

CAPTAIN = "Who is the captain of the ferry Marigold?"

# The lowest contrast of visible text with what is painted behind it, and the text (WCAG 2.2, 1.4.3).
LOWEST_CONTRAST = """
const channel = (value) => (value /= 255) <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
const luminance = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
const parts = (color) => color.match(/[\\d.]+/g).map(Number);
const behind = (node) => {
  for (; node; node = node.parentElement) {
    const color = parts(getComputedStyle(node).backgroundColor);
    if (color.length < 4 || color[3] > 0) return color;
  }
};
let lowest = [99, ""];
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const node = walker.currentNode.parentElement;
  if (!walker.currentNode.textContent.trim() || !node.checkVisibility() || node.closest(":disabled, .unseen")) continue;
  const [one, two] = [parts(getComputedStyle(node).color), behind(node)].map(luminance).sort((a, b) => b - a);
  const contrast = (one + 0.05) / (two + 0.05);
  if (contrast < lowest[0]) lowest = [contrast, walker.currentNode.textContent];
}
return lowest;
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
class TestContrast:
    """Text stands out from what is painted behind it."""

    def test_blank_page(self, page: Page, scheme: str) -> None:
        page.prefer(color_scheme=scheme)
        page.open()
        page.wait_for("#examples li")
        page.find("#filters summary").click()
        assert_readable(page)

    def test_answer_and_article(self, page: Page, scheme: str) -> None:
        page.prefer(color_scheme=scheme, reduced_motion="reduce")
        page.open_question(CAPTAIN)
        page.open_citation()
        assert_readable(page)

    def test_abstention_and_passage(self, strict_page: Page, scheme: str) -> None:
        strict_page.prefer(color_scheme=scheme, reduced_motion="reduce")
        strict_page.open_question(CAPTAIN)
        strict_page.find(".candidates summary").click()
        strict_page.find(".nearest .caption a").click()
        strict_page.wait_for("#article mark.current")
        assert_readable(strict_page)

    def test_empty_archive(self, empty_page: Page, scheme: str) -> None:
        empty_page.prefer(color_scheme=scheme)
        empty_page.open()
        empty_page.wait_for(".problem")
        assert_readable(empty_page)


def test_dark_is_dark(page: Page) -> None:
    brightness = "return getComputedStyle(document.documentElement).backgroundColor.match(/\\d+/g).map(Number)[0]"
    page.open()
    assert page.js(brightness) > 200
    page.prefer(color_scheme="dark")
    assert page.js(brightness) < 50


@pytest.mark.parametrize("width", [320, 400, 1280])
def test_no_sideways_scrolling_without_an_answer(strict_page: Page, width: int) -> None:
    strict_page.resize(width)
    strict_page.open_question(CAPTAIN)
    strict_page.find(".candidates summary").click()
    assert strict_page.overflow() <= 0, "less than 0 is room kept for a scroll bar"


@pytest.mark.parametrize("width", [320, 400, 1280])
def test_no_sideways_scrolling_of_an_empty_archive(empty_page: Page, width: int) -> None:
    empty_page.resize(width)
    empty_page.open_question(CAPTAIN)
    assert empty_page.overflow() <= 0, "less than 0 is room kept for a scroll bar"
    assert empty_page.js(
        "return [...document.querySelectorAll('pre')].every((pre) => pre.scrollWidth <= pre.clientWidth)"
    )


@pytest.mark.parametrize("width", [320, 400, 768, 1024, 1280, 2560])
def test_no_sideways_scrolling(page: Page, width: int) -> None:
    page.resize(width)
    page.open()
    page.wait_for("#examples li")
    page.find("#filters summary").click()
    assert page.overflow() == 0
    page.ask(CAPTAIN)
    assert page.overflow() == 0
    page.open_citation()
    assert page.overflow() == 0
    assert page.js("const pane = document.querySelector('#article'); return pane.scrollWidth <= pane.clientWidth")


def test_article_is_below_on_a_phone_and_beside_on_a_desk(page: Page) -> None:
    box = "const box = document.querySelector('#article').getBoundingClientRect(); return [box.left, box.width]"
    page.open_question(CAPTAIN)
    page.open_citation()
    left, width = page.js(box)
    assert abs(left - width) < 1
    page.resize(400)
    left, width = page.js(box)
    assert left == 0
    assert width > 380, "all but a scroll bar"
    page.open_question(CAPTAIN)
    page.open_citation()
    top = page.js("return document.querySelector('#article mark.current').getBoundingClientRect().top")
    assert 0 < top < 860


def test_keyboard_alone(page: Page) -> None:
    page.open()
    page.wait_for("#examples li")
    page.press(CAPTAIN, Keys.ENTER)
    page.wait_for(".answer")
    tab_to(page, ".best .sources blockquote a")
    outline = "return getComputedStyle(document.activeElement).outlineStyle"
    assert page.js(outline) == "solid"
    page.press(Keys.ENTER)
    page.wait_for("#article mark.current")
    tab_to(page, "[data-do=next]")
    assert page.js(outline) == "solid"
    page.press(Keys.SPACE)
    page.press(Keys.ESCAPE)
    page.wait_until("document.querySelector('#article').hidden")
    assert page.js("return document.activeElement.matches('.best .sources blockquote a')")


def test_line_break_in_a_question(page: Page) -> None:
    page.open()
    page.wait_for("#examples li")
    page.press("Who is the captain", Keys.SHIFT + Keys.ENTER)
    page.press(Keys.NULL + "of the ferry Marigold?")
    assert page.texts(".answer") == []
    page.press(Keys.ENTER)
    page.wait_for(".answer")
    assert page.texts(".best .words") == ["Joren Pell"]


def test_names_for_screen_readers(page: Page) -> None:
    page.open_question(CAPTAIN)
    page.open_citation()
    unnamed = page.js(
        """
        const name = (node) => (node.ariaLabel || node.textContent || "").trim() || [...(node.labels ?? [])].join("");
        return [...document.querySelectorAll("a[href], button, input, select, textarea, summary, svg[role=img]")]
          .filter((node) => node.checkVisibility() && !name(node)).map((node) => node.outerHTML);
        """
    )
    assert unnamed == []
    landmarks = page.js(
        "return ['header', 'main', 'aside', '[role=search]'].map((s) => document.querySelectorAll(s).length)"
    )
    assert landmarks == [1, 1, 1, 1]
    assert (
        page.js("return [...document.querySelectorAll('h1, h2, h3')].filter((h) => !h.textContent.trim()).length") == 0
    )
    assert page.js("return document.documentElement.lang") == "en"
    assert page.find("#article").aria_role == "complementary"
    assert page.find("#article").accessible_name == "Ferry 🚢 gets a new captain"


def test_calm_page_does_not_move(page: Page) -> None:
    page.open_question(CAPTAIN)
    page.open_citation()
    assert page.js("return document.getAnimations().length") == 0


def tab_to(page: Page, selector: str) -> None:
    for _ in range(40):
        page.press(Keys.TAB)
        if page.js("return document.activeElement.matches(arguments[0])", selector):
            return
    pytest.fail(f"{selector} cannot be reached with the Tab key")


def assert_readable(page: Page) -> None:
    contrast, text = page.js(LOWEST_CONTRAST)
    assert contrast >= 4.5, text
