"""Beside an answer and instead of one: candidates, promises, the question as it was looked up, an empty archive."""

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from selenium.webdriver import Chrome

from tests.browser.archive import FERRY
from tests.browser.conftest import serving, watched
from tests.browser.page import Page

pytestmark = pytest.mark.browser

CAPTAIN = "Who is the captain of the ferry Marigold?"
PROMISE = {
    "wrong_at_most": 0.2,
    "confidence": 0.95,
    "min_probability": 0.6,
    "given": 120,
    "wrong": 14,
    "words": "at most 20 % of the answers given are wrong, with 95 % confidence",
}


def reply(page: Page, question: str = CAPTAIN) -> dict[str, Any]:
    """What the service says to the question, to be changed."""
    found: dict[str, Any] = httpx2.post(
        f"{page.url}/v1/ask", json={"question": question, "include": ["passages"]}, timeout=60
    ).json()
    return found


def test_candidates_are_folded_away_and_no_answers(strict_page: Page) -> None:
    strict_page.open_question(CAPTAIN)
    candidates = reply(strict_page)["candidates"]
    assert not strict_page.find(".candidate").is_displayed()
    assert strict_page.texts(".answer") == []
    summary = strict_page.find(".candidates > summary")
    assert summary.text.endswith(f"Perhaps: {len(candidates)} answers too improbable to give")
    summary.click()
    assert strict_page.find(".candidate").is_displayed()
    assert strict_page.texts(".candidate h3") == [f"Perhaps {candidate['text']}" for candidate in candidates]
    likelihoods = [candidate["likelihood"] for candidate in candidates]
    assert [words.partition(" (")[0] for words in strict_page.texts(".candidate .chance")] == likelihoods
    said = strict_page.texts("#status")[0]
    assert said.startswith("The archive does not say. ")
    assert said.endswith(f" {len(candidates)} possible answers below, folded away.")


def test_candidate_is_quoted_and_opens_in_its_article(strict_page: Page) -> None:
    strict_page.open_question(CAPTAIN)
    strict_page.find(".candidates > summary").click()
    strict_page.find(".candidate blockquote a").click()
    strict_page.wait_for("#article mark.current")
    assert strict_page.marked() == strict_page.texts(".candidate blockquote mark")[0]
    assert strict_page.js("return Boolean(document.querySelector('.candidate [aria-current]'))")
    cited = {
        (place["start"], place["end"])
        for place in [
            *(citation for candidate in reply(strict_page)["candidates"] for citation in candidate["citations"]),
            *reply(strict_page)["nearest"],
        ]
        if place["article_id"] == FERRY["id"]
    }
    assert strict_page.find("#article [data-show=position]").text.endswith(f" of {len(cited)}")
    strict_page.find("[data-do=close]").click()
    assert strict_page.js("return document.activeElement.matches('.candidate blockquote a')")


def test_one_candidate_is_counted_as_one(strict_page: Page) -> None:
    found = reply(strict_page)
    with strict_page.replying({**found, "candidates": found["candidates"][:1]}):
        strict_page.open_question(CAPTAIN)
        assert strict_page.texts(".candidates > summary") == ["Perhaps: an answer too improbable to give"]
    with strict_page.replying({**found, "candidates": [], "code": "no_span"}):
        strict_page.open_question(CAPTAIN)
        assert strict_page.texts(".candidates") == []
        assert strict_page.texts(".nearest .passage") != []


@pytest.mark.parametrize("provisional", [True, False])
def test_promise_is_said_in_a_line(page: Page, provisional: bool) -> None:
    found = reply(page)
    calibration = {"name": "Our own questions", "fingerprint": "x", "provisional": provisional}
    with page.replying({**found, "calibration": {**calibration, "promise": None if provisional else PROMISE}}):
        page.open_question(CAPTAIN)
        promised = [] if provisional else ["At most 20 % of the answers given are wrong, with 95 % confidence."]
        assert page.texts(".promise") == promised
        assert page.texts(".best .chance")[0].endswith(" (provisional estimate)") == provisional
        name = f"probabilities: {'provisional, ' if provisional else ''}Our own questions"
        assert name in page.texts(".timings p")[0]


@pytest.mark.parametrize(
    ("asked", "looked_up"),
    [
        ("who is the captain of  the ferry Marigold", []),
        (CAPTAIN, []),
        ("Hello! We cross on Monday. Could you tell me: who is the captain of the ferry Marigold? Thanks!", [CAPTAIN]),
    ],
)
def test_question_proper_is_shown_where_it_is_another(page: Page, asked: str, looked_up: list[str]) -> None:
    page.open_question(asked)
    assert page.texts(".asked-as") == [f"Looked up as: {question}" for question in looked_up]


def test_quote_of_a_title_is_marked_in_the_title(page: Page) -> None:
    found = reply(page)
    answer = found["answers"][0]
    title = str(FERRY["title"])
    start = title.index("captain")
    quote = {**answer["citations"][0], "part": "title", "start": start, "end": start + 7, "quote": "captain"}
    quote |= {"before": title[:start], "after": title[start + 7 :]}
    answer |= {"text": "captain", "citations": [quote, *answer["citations"]]}
    with page.replying({**found, "answers": [answer]}):
        page.open_question(CAPTAIN)
        page.open_citation()
        assert page.texts("#article h2 mark.current") == ["captain"]
        assert page.texts("#article .text mark.current") == []
        assert page.find("#article h2").text == title
        assert "".join(page.texts("#article .text p")) == FERRY["text"]
        assert "part=title" in page.driver.current_url
        assert page.find("#article [data-show=position]").text.startswith("1 of ")
        page.find("[data-do=next]").click()
        page.wait_until("document.querySelector('#article .text mark.current')")
        assert page.marked() == "Joren Pell"
        assert page.texts("#article h2 mark") == ["captain"]
        page.find("[data-do=previous]").click()
        page.wait_until("document.querySelector('#article h2 mark.current')")
        link = page.driver.current_url
    page.open("/#" + link.partition("#")[2])
    page.wait_for("#article mark.current")
    assert page.texts("#article h2 mark.current") == ["captain"]


def test_empty_archive_says_how_to_fill_it(empty_page: Page) -> None:
    empty_page.open()
    assert "rag ingest PATH…" in empty_page.wait_for(".problem").text
    empty_page.wait_until("document.getElementById('status').textContent.startsWith('The archive is empty.')")
    empty_page.open_question(CAPTAIN)
    assert "The archive is empty" in empty_page.find(".problem").text
    empty_page.wait_until("document.getElementById('status').textContent.startsWith('The archive is empty.')")


@pytest.fixture
def bare_page(driver: Chrome, tmp_path: Path) -> Iterator[Page]:
    """The page of an empty archive of its own, to be filled."""
    with (
        serving(tmp_path, embedder="hashing", reader="overlap", min_probability=0.0) as url,
        watched(driver, url) as page,
    ):
        page.tolerated = "status of 404"
        yield page


def test_what_the_page_says_of_an_empty_archive_fills_it(bare_page: Page) -> None:
    bare_page.open()
    bare_page.wait_for(".problem")
    command = shlex.split(bare_page.texts(".problem pre")[1])
    assert command[:3] == ["curl", "-s", f"{bare_page.url}/v1/articles"]
    name, _, value = command[command.index("-H") + 1].partition(": ")
    body = command[command.index("-d") + 1]
    added = httpx2.post(command[2], headers={name: value}, content=body, timeout=60)
    assert added.json()["added"] == 1
    bare_page.ask("When is high tide in Tern Bay?")
    bare_page.wait_for(".answer")
    assert bare_page.texts(".best .caption a") == ["Tide tables"]
