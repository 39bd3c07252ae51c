"""Asking: answers, the statement that there is none, filters, problems, and the question in the address."""

from urllib.parse import parse_qs, urlsplit

import pytest
from selenium.webdriver.support.ui import Select

from tests.browser.archive import BRIDGE, OLD_BRIDGE
from tests.browser.page import Page

pytestmark = pytest.mark.browser

CAPTAIN = "Who is the captain of the ferry Marigold?"
BRIDGE_DAY = "When was the Kestrel Bridge closed?"


def test_empty_page_offers_examples(page: Page) -> None:
    page.open()
    page.wait_for("#examples li")
    assert "Who backs Hezbollah?" in page.texts("#examples a")
    assert page.js("return document.activeElement.id") == "question"
    page.wait_until("document.getElementById('holdings').textContent === '4 articles'")


def test_example_is_asked(page: Page) -> None:
    page.open()
    page.wait_for("#examples a").click()
    page.wait_for(".answer, .abstention")
    assert page.find("#question").get_property("value") == "Who backs Hezbollah?"


def test_answer_is_shown_with_its_sources(page: Page) -> None:
    page.open()
    page.ask(CAPTAIN)
    assert page.texts(".best .words") == ["Joren Pell"]
    assert page.texts(".best .sources mark") == ["Joren Pell", "Joren Pell"]
    assert len(page.texts(".best .caption a")) == 1, "both quotes stand under the one article"
    assert "Northlight Wire · 4 May 2024" in page.texts(".best .caption span")
    assert page.attribute(".best .chance", "title").startswith("probability 0.")
    assert page.attribute(".best .bar-chart", "aria-label").startswith("probability 0.")
    assert page.find(".timings summary").text.startswith("Answered in ")
    assert page.texts("#status")[0].startswith("Joren Pell.")
    assert page.driver.title == f"{CAPTAIN} – Quoth"


def test_provisional_probability_says_so(page: Page) -> None:
    page.open_question(CAPTAIN)
    calibration = page.js(
        "return fetch('v1/ask', {method: 'POST', headers: {'Content-Type': 'application/json'},"
        " body: JSON.stringify({question: 'Who?'})}).then((reply) => reply.json()).then((found) => found.calibration)"
    )
    assert calibration["provisional"] == ("provisional" in page.find(".best .chance").text)


def test_abstention_shows_the_nearest_passages(strict_page: Page) -> None:
    strict_page.open_question("Who is the president of France?")
    assert strict_page.find(".abstention h2").text == "The archive does not say."
    assert strict_page.find(".abstention p").text.endswith(".")
    assert strict_page.texts(".answer") == []
    assert strict_page.texts(".nearest mark") == []
    strict_page.wait_for(".nearest .caption a").click()
    strict_page.wait_for("#article mark.current")
    assert strict_page.marked() == strict_page.texts(".nearest .passage")[0]


def test_question_in_the_address_is_asked(page: Page) -> None:
    page.open_question(CAPTAIN)
    assert page.texts(".best .words") == ["Joren Pell"]
    page.ask(BRIDGE_DAY)
    page.wait_until("document.querySelector('.best .words')?.textContent === '3 May 2024'")
    assert parse_qs(urlsplit(page.driver.current_url).query) == {"q": [BRIDGE_DAY]}
    page.driver.back()
    page.wait_until("document.querySelector('.best .words')?.textContent === 'Joren Pell'")
    assert page.find("#question").get_property("value") == CAPTAIN


def test_filter_by_source(page: Page) -> None:
    page.open_question(BRIDGE_DAY)
    page.find("#filters summary").click()
    page.wait_until("document.querySelector('select[name=source]').options.length > 1")
    Select(page.find("select[name=source]")).select_by_value(OLD_BRIDGE["source"])
    page.wait_until("document.querySelector('.best .words')?.textContent === '9 June 2011'")
    assert set(page.texts(".answer .caption a")) == {OLD_BRIDGE["title"]}
    assert "source=Valley+Ledger" in page.driver.current_url
    page.find("#clear-filters").click()
    page.wait_until("document.querySelector('.best .words')?.textContent === '3 May 2024'")


def test_filter_by_dates_in_the_address_includes_the_last_day(page: Page) -> None:
    page.open_question(BRIDGE_DAY, **{"from": "2024-05-03", "to": "2024-05-03"})
    assert set(page.texts(".answer .caption a")) == {BRIDGE["title"]}
    assert page.find("#filters summary").text.endswith("Filters: from 2024-05-03, to 2024-05-03")


def test_filter_by_tag_that_no_article_has(page: Page) -> None:
    page.open_question(BRIDGE_DAY, tag="gardening")
    assert page.find(".abstention h2").text == "The archive does not say."
    page.find(".abstention a").click()
    page.wait_for(".answer")
    assert "tag=" not in page.driver.current_url


@pytest.mark.parametrize("day", ["tomorrow", "2024-13-45", "99999-01-01", "9999-12-31"])
def test_odd_date_in_the_address_is_ignored(page: Page, day: str) -> None:
    page.open_question(BRIDGE_DAY, to=day)
    assert page.texts(".best .words") == ["3 May 2024"]


def test_problem_is_shown_as_sentences(page: Page) -> None:
    page.tolerated = "status of 422"
    page.open_question("why " * 1_000)
    problem = page.find(".problem[role=alert]").text
    assert "2000" in problem.replace(",", "")
    assert problem[0].isupper()


def test_service_that_is_gone_is_named(page: Page) -> None:
    page.tolerated = "net::ERR_INTERNET_DISCONNECTED"
    page.open()
    page.wait_for("#examples li")
    page.driver.execute_cdp_cmd("Network.enable", {})
    offline = {"offline": True, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
    page.driver.execute_cdp_cmd("Network.emulateNetworkConditions", offline)
    try:
        page.ask(CAPTAIN)
        assert page.find(".problem").text == "The service does not answer.\nIs rag serve running?"
    finally:
        page.driver.execute_cdp_cmd("Network.emulateNetworkConditions", {**offline, "offline": False})


def test_newer_question_wins(page: Page) -> None:
    """The answer to the first question comes last, and is not shown."""
    page.open()
    page.js(
        """
        const real = window.fetch;
        window.aborted = 0;
        window.fetch = (path, options) => {
          if (path === "v1/ask" && JSON.parse(options.body).question.includes("captain")) {
            options.signal.addEventListener("abort", () => { window.aborted += 1; });
            const late = new Promise((resolve) => setTimeout(resolve, 900));
            return late.then(() => real(path, { ...options, signal: undefined }));
          }
          return real(path, options);
        };
        """
    )
    field = page.find("#question")
    field.send_keys(CAPTAIN, "\n")
    page.wait_until("!document.querySelector('#progress').hidden")
    page.ask(BRIDGE_DAY)
    page.js("return new Promise((resolve) => setTimeout(resolve, 1_000))")
    assert page.texts(".best .words") == ["3 May 2024"]
    assert page.js("return window.aborted") == 1
    assert not page.find("#progress").is_displayed()


@pytest.mark.models
@pytest.mark.slow
def test_shipped_models_answer_and_abstain(model_page: Page) -> None:
    model_page.open_question(CAPTAIN)
    assert model_page.texts(".best .words") == ["Joren Pell"]
    model_page.ask("Who is the president of France?")
    assert model_page.wait_for(".abstention h2").text == "The archive does not say."
