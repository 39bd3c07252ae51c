from pathlib import Path

import pytest

from rag.errors import QuestionError
from rag.evaluation.questions import load_questions

GOOD = '{"id": "1", "question": "Who?", "answers": ["Ann"], "article_ids": ["a"]}\n'


def test_reads_lines_and_passes_blank_ones(tmp_path: Path) -> None:
    path = tmp_path / "q.jsonl"
    path.write_text(GOOD + "\n" + '{"id": "2", "question": "Where?", "answers": [], "near": ["a"]}')
    first, second = load_questions(path)
    assert first.answerable
    assert not second.answerable
    assert second.near == ("a",)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", "not JSON"),
        ("[]", "needs id"),
        ('{"id": "2", "question": "x"}', "needs id"),
        ('{"id": "2", "question": "x", "answers": [], "colour": 1}', "needs id"),
        ('{"id": "2", "question": " ", "answers": []}', "blank"),
        ('{"id": "2", "question": "x", "answers": [1]}', "not text"),
        ('{"id": "1", "question": "x", "answers": []}', "comes twice"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: str, says: str) -> None:
    path = tmp_path / "q.jsonl"
    path.write_text(GOOD + line)
    with pytest.raises(QuestionError, match=rf"q\.jsonl:2: .*{says}"):
        load_questions(path)
