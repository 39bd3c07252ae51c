"""The question proper."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.question import question_proper

OPENED = "When was the Kestrel Bridge opened?"


@pytest.mark.parametrize(
    "asked",
    [
        OPENED,
        "when was the Kestrel Bridge opened",
        "Please tell me when the Kestrel Bridge was opened, thank you!",
        "Good morning! My pupils asked me about bridges yesterday. When was the Kestrel Bridge opened?",
        "I read that the council met on Tuesday and talked about the crossing. When was the Kestrel Bridge opened?",
        "Hello, could you please tell me when the Kestrel Bridge was opened? Many thanks in advance.",
        "Can anyone say when the Kestrel Bridge was opened?",
        "I would like to know when the Kestrel Bridge was opened.",
        "I'd like to know, please, when the Kestrel Bridge was opened",
        "I was wondering when the Kestrel Bridge was opened...",
        "Do you happen to know when the Kestrel Bridge was opened?",
        "When was the Kestrel Bridge opened, please?",
        "When was the Kestrel Bridge opened? Thanks a lot!",
        "One more thing: when was the Kestrel Bridge opened?",
        "For a piece I am writing: When was the Kestrel Bridge opened?",
        "My editor asks when the Kestrel Bridge was opened, please",
        "Does the archive say when the Kestrel Bridge was opened?",
        "Sorry to bother you, but when was the Kestrel Bridge opened? Please give the source too.",
        "Help me find out when the Kestrel Bridge was opened",
        "We talked about this at lunch and nobody could agree. when was the Kestrel Bridge opened",
        "Dear archive, when was the Kestrel Bridge opened? Kind regards",
    ],
)
def test_manners_and_background_fall_away(asked: str) -> None:
    assert question_proper(asked) == OPENED


@pytest.mark.parametrize(
    "asked",
    [
        "bridge closure",
        "Kestrel Bridge opening date",
        "asdf qwer",
        "?",
        "Tell me about the Kestrel Bridge.",
        'Who wrote "Please thank you"?',
        "Who said that the bridge is safe?",
        "What did he say when the bridge was shut?",
        "Which of the bridges was closed?",
        "What share of the revenue is the weekday rate expected to make good?",
        "Who seconded the motion to do away with the Sunday parking fee?",
        "Is the bridge open?",
        "Did the mayor say when the bridge will open?",
        "Which film is called Alien: Covenant?",
        "In 1795, what did the army want?",
        "The Kestrel Bridge is near my home. When was it opened?",
        "Olin said no. What did he mean by that?",
    ],
)
def test_what_is_a_question_already_or_needs_its_background_stays(asked: str) -> None:
    assert question_proper(asked) == asked


@pytest.mark.parametrize(
    ("asked", "proper"),
    [
        ("Tell me why the bridge is shut", "Why is the bridge shut?"),
        ("Tell me how many people the mayor has hired", "How many people has the mayor hired?"),
        ("Tell me how many people were hurt", "How many people were hurt?"),
        ("Could you tell me who the captain of the ferry is, please?", "Who is the captain of the ferry?"),
        ("Tell me who runs the shop", "Who runs the shop?"),
        ("Tell me who said that the bridge is safe", "Who said that the bridge is safe?"),
        ("Tell me where the ferry sank", "Where the ferry sank?"),
        ("Tell me when the bridge that is closed was opened", "When the bridge that is closed was opened?"),
    ],
)
def test_a_clause_becomes_a_question_where_that_is_sure(asked: str, proper: str) -> None:
    assert question_proper(asked) == proper


@given(st.text(min_size=1).filter(str.strip))
def test_any_text_gives_a_question(text: str) -> None:
    asked = " ".join(text.split())
    assert question_proper(asked).strip()


@pytest.mark.parametrize(
    "part", ["please ", "tell me ", ", ", "thank you ", "! ", "when is it? ", "hello ", "if you know "]
)
def test_a_hostile_text_takes_no_time(part: str) -> None:
    began = time.perf_counter()
    question_proper((part * 2_000)[:2_000].strip())
    assert time.perf_counter() - began < 1.0
