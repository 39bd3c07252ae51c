"""Makes the folder that `OnnxReader` loads, and says how far int8 strays from the weights it came from."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from rag.inference import bert, export
from rag.reader.onnx import OnnxReader
from rag.types import Article, Hit, Passage


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How two precisions of one reader compare over some questions.

    ``same`` is the share with the same best span, ``shift`` the mean absolute difference of the best
    scores, and ``sides`` the share whose best scores lie on the same side of 0.
    """

    questions: int
    same: float
    shift: float
    sides: float


def export_reader(source: Path, *, target: Path, name: str, precision: bert.Precision = "int8") -> None:
    """Writes the model folder of a BERT reader (``model.safetensors``, ``config.json``, ``tokenizer.json``).

    Raises:
        ModelMissingError: the source lacks a file.
        ModelError: it is not a BERT reader, or damaged.
    """
    export.export(source, target=target, name=name, head="answer_logits", precision=precision)


def compare(source: Path, asked: Sequence[tuple[str, Passage]]) -> Agreement:
    """How int8 agrees with fp32 when each question is asked of its passage; at least one question.

    Questions for which neither finds a span agree.
    """
    with TemporaryDirectory() as scratch:
        best: list[list[tuple[int, int, float]]] = []
        for precision in ("fp32", "int8"):
            export_reader(source, target=Path(scratch) / precision, name="compared", precision=precision)
            best.append(_best_spans(Path(scratch) / precision, asked))
    pairs = list(zip(*best, strict=True))
    return Agreement(
        questions=len(pairs),
        same=sum(large[:2] == small[:2] for large, small in pairs) / len(pairs),
        shift=sum(abs(large[2] - small[2]) for large, small in pairs) / len(pairs),
        sides=sum((large[2] > 0) == (small[2] > 0) for large, small in pairs) / len(pairs),
    )


def _best_spans(folder: Path, asked: Sequence[tuple[str, Passage]]) -> list[tuple[int, int, float]]:
    reader = OnnxReader.load(folder)
    try:
        spans = [reader.read(question, [_hit(passage)]) for question, passage in asked]
    finally:
        reader.close()
    return [(found[0].start, found[0].end, found[0].score) if found else (0, 0, 0.0) for found in spans]


def _hit(passage: Passage) -> Hit:
    text = " " * passage.start + passage.text
    return Hit(passage=passage, score=0.0, article=Article(id=passage.article_id, title="", text=text), rank=1)
