from rag.responses.views import ask_response
from rag.types import Abstention, Calibration, Promise, Query, Result


def test_a_promise_is_said_in_figures_and_in_words() -> None:
    promise = Promise(wrong_at_most=0.07, confidence=0.95, min_probability=0.6, given=120, wrong=4)
    result = Result(
        query=Query(question="Who?", asked_as="Who?", top_k=1, max_answers=1, min_probability=0.6),
        answers=(),
        abstention=Abstention(code="no_passage", reason="no passage matches"),
        nearest=(),
        hits=(),
        timings={},
        fingerprint="x",
        calibration=Calibration(name="our questions", fingerprint="y", provisional=False, promise=promise),
    )
    assert ask_response(result).model_dump()["calibration"] == {
        "name": "our questions",
        "fingerprint": "y",
        "provisional": False,
        "promise": {
            "wrong_at_most": 0.07,
            "confidence": 0.95,
            "min_probability": 0.6,
            "given": 120,
            "wrong": 4,
            "words": "at most 7 % of the answers given are wrong, with 95 % confidence",
        },
    }
