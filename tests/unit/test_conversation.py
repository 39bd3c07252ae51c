"""A question as it would be asked without what was said before it."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.conversation import standalone
from rag.question import question_proper
from rag.types import MAX_QUESTION_LENGTH, Turn


def said(*contents: str) -> list[Turn]:
    """The turns of a conversation, the first by the user."""
    return [Turn(role="assistant" if number % 2 else "user", content=text) for number, text in enumerate(contents)]


def read(question: str, history: list[Turn]) -> str:
    return standalone(question_proper(question), history)


LED = said("Who led the clinic in Tern Bay?", "Dr. Ilse Vandermoor led it until 2024.")
SHUT = said("Why was the Kestrel Bridge in Port Ansel shut?", "A diver found a crack.")
CUT = said("By how much did the Bank of Varland cut its key rate in May 2024?", "Half a percentage point.")
SOLD = said("Which firm got the contract to repair the Kestrel Bridge?", "The contract went to Hargreave Marine.")
FELL = said("Who was the youngest victim of the fall at Khevlari?", "A pupil of 14, Salome Tvalava.")


@pytest.mark.parametrize(
    ("question", "history", "asked_as"),
    [
        ("how old is she?", LED, "How old is Ilse Vandermoor?"),
        ("And who came after her?", LED, "Who came after Ilse Vandermoor?"),
        ("What did her father do?", LED, "What did Ilse Vandermoor's father do?"),
        ("where's she from", LED, "Where's Ilse Vandermoor from?"),
        ("And when was it opened?", SHUT, "When was the Kestrel Bridge opened?"),
        ("How long is its span?", SHUT, "How long is the Kestrel Bridge's span?"),
        ("When did they say so?", CUT, "When did the Bank of Varland say so?"),
        ("How many cars go through there now?", SHUT, "How many cars go through the Kestrel Bridge now?"),
        ("Who had ordered that?", SHUT, "Who had ordered the Kestrel Bridge in Port Ansel?"),
    ],
)
def test_pronouns_are_replaced_by_what_they_stand_for(question: str, history: list[Turn], asked_as: str) -> None:
    assert read(question, history) == asked_as


@pytest.mark.parametrize(
    ("question", "history", "asked_as"),
    [
        ("When was that?", SHUT, "When was the Kestrel Bridge in Port Ansel shut?"),
        ("When?", SHUT, "When was the Kestrel Bridge in Port Ansel shut?"),
        ("And for how much?", SOLD, "For how much Hargreave Marine got the contract to repair the Kestrel Bridge?"),
        ("What about the Bank of Osterwick?", CUT,
         "By how much did the Bank of Osterwick cut its key rate in May 2024?"),
        ("and the oldest?", FELL, "Who was the oldest victim of the fall at Khevlari?"),
        ("And after the election?", CUT,
         "By how much did the Bank of Varland cut its key rate in May 2024 after the election?"),
        ("And the surgeon?", said("How old is Lumi Hartono?", "Nine."), "How old is the surgeon of Lumi Hartono?"),
        ("And the detour, how long does that take?", SHUT,
         "How long does the detour of the Kestrel Bridge in Port Ansel take?"),
    ],
)  # fmt: skip
def test_fragments_take_their_place_in_the_question_before(question: str, history: list[Turn], asked_as: str) -> None:
    assert read(question, history) == asked_as


@pytest.mark.parametrize(
    ("question", "history", "asked_as"),
    [
        ("Sorry, I meant the Saltgate Bridge.", SHUT, "Why was the Saltgate Bridge in Port Ansel shut?"),
        ("no i meant when it was opened", SHUT, "When was the Kestrel Bridge opened?"),
        ("Who designed the span?", SHUT, "Who designed the span of the Kestrel Bridge in Port Ansel?"),
        ("Was there a cheaper one?", SOLD, "Was there a cheaper one for the Kestrel Bridge?"),
        ("Who wanted no change?", CUT, "Who wanted no change for the Bank of Varland?"),
    ],
)
def test_corrections_and_open_nouns_are_completed(question: str, history: list[Turn], asked_as: str) -> None:
    assert read(question, history) == asked_as


@pytest.mark.parametrize(
    "question",
    [
        "How many ferries were there in Port Ansel in 2019?",
        "Who is lumi hartono?",
        "who is the mayor of port ansel",
        "when was tallow & finch founded",
        "New topic: who is the mayor of Port Ansel?",
        "And who is the skipper of the Girl Ottilie?",
        "Did the Bank of Varland say when it would cut its rate?",
        "How old was the hydrologist Ndeye Sarr-Holmqvist when she died?",
        "When she died, how old was Ndeye Sarr-Holmqvist?",
        "According to its owner, what is the Celandine worth?",
        "How long did it take to repair the Saltgate Bridge?",
        "Why did it take Lumi Hartono two years to get a heart?",
        "Is it true that the Saltgate Bridge was closed?",
        "Which skipper lost his boat off Tern Bay?",
        "How many people lose their jobs when Corvane Textiles shuts its mill?",
        "What is the name of the ship that sank off Tern Bay?",
        "Who told the court that the captain was drunk?",
        "Are there wolves in Varland?",
        "What happened on 3 May?",
        "What causes inflation?",
        "How do vaccines work?",
        "No, tell me who painted The Lamplighter's Daughter",
        "Not that bridge: who closed the Saltgate Bridge?",
        "bridge closure Pellmouth",
        "Hezbollah backers",
        "Tell me more",
    ],
)
@pytest.mark.parametrize("history", [LED, SHUT, CUT])
def test_what_stands_alone_is_left_alone(question: str, history: list[Turn]) -> None:
    assert read(question, history) == question_proper(question)


def test_the_subject_is_carried_over_several_questions() -> None:
    history = said("Who led the clinic in Tern Bay?", "Ilse Vandermoor.", "how old is she?", "She is 47.")
    assert read("And when was she born?", history) == "When was Ilse Vandermoor born?"


def test_a_reply_without_an_answer_mentions_nothing() -> None:
    history = said("Where was Lumi Hartono born?", "The likeliest answer found has a probability of only 0.20")
    assert read("how old is she?", history) == "How old is Lumi Hartono?"


def test_a_reply_alone_is_no_conversation() -> None:
    assert read("how old is she?", [Turn(role="assistant", content="Ask me something.")]) == "How old is she?"


_PIECES = [
    "and", "what about", "why", "when", "how old is", "he", "she", "it", "they", "her", "their", "that", "there", "one",
    "the", "surgeon", "bridge", "Kestrel Bridge", "Ilse Vandermoor", "of", "in", "before", "was", "did", "then", "2019",
    "sorry, I meant", "I mean", ",", "?", "'s", "the oldest", "ü", "\u2019s", "&", "who",
]  # fmt: skip
SAID = st.one_of(
    st.text(min_size=1, max_size=80).filter(lambda text: bool(" ".join(text.split()))),
    st.lists(st.sampled_from(_PIECES), min_size=1, max_size=9).map(" ".join),
).map(lambda text: " ".join(text.split()))
TURNS = st.lists(st.builds(Turn, role=st.sampled_from(["user", "assistant"]), content=SAID), max_size=6)


@given(question=SAID, history=TURNS)
def test_whatever_is_said_the_question_is_one_and_stands_alone(question: str, history: list[Turn]) -> None:
    asked_as = standalone(question, history)
    assert asked_as.strip()
    assert len(asked_as) <= MAX_QUESTION_LENGTH
    assert standalone(asked_as, history) == asked_as


@given(question=SAID)
def test_without_a_history_nothing_changes(question: str) -> None:
    assert standalone(question, []) == question


@pytest.mark.parametrize("piece", ["he ", "it take ", "the ", "A of ", "and ", "that that ", "x", ", who it "])
def test_long_texts_are_read_in_time(piece: str) -> None:
    text = (piece * 2_000)[:2_000].strip()
    history = said(*[text] * 20)
    began = time.perf_counter()
    standalone(text, history)
    standalone("and when was that?", history)
    assert time.perf_counter() - began < 5
