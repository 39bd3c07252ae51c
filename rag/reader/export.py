"""Makes the folder that `OnnxReader` loads, and says how far int8 strays from the weights it came from."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from rag.errors import InputError, ModelError
from rag.inference import bert, export, files
from rag.inference.session import Feed
from rag.reader.examples import Asked, examples
from rag.reader.neural import sequences
from rag.reader.onnx import OnnxReader, feed, frame
from rag.types import Hit


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How far int8 may stray: the least ``same`` and ``sides`` of an `Agreement`, and the largest ``shift``."""

    same: float
    sides: float
    shift: float


LIMITS: Final = Limits(same=0.85, sides=0.94, shift=0.6)
"""The shipped reader is well inside (`eval/results/int8.md`); without smoothing its scores shift by .8."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How two precisions of one reader compare over some questions.

    ``same`` is the share with the same best span, ``shift`` the mean absolute difference of the best
    scores, and ``sides`` the share whose best scores lie on the same side of 0. ``texts`` are the best
    spans, fp32's and int8's, a pair a question, for whoever knows the right answers; "" where there is none.
    """

    questions: int
    same: float
    shift: float
    sides: float
    texts: tuple[tuple[str, str], ...]

    def within(self, limits: Limits) -> bool:
        """Whether they agree well enough."""
        return self.same >= limits.same and self.sides >= limits.sides and self.shift <= limits.shift

    def __str__(self) -> str:
        return (
            f"{self.same:.1%} of {self.questions} best spans the same, {self.sides:.1%} of the best scores on the same "
            f"side of 0, scores shifted by {self.shift:.2f}"
        )


def export_reader(
    source: Path,
    *,
    target: Path,
    name: str,
    precision: bert.Precision = "int8w8",
    looked_at: Sequence[Asked] | None = None,
) -> None:
    """Writes the model folder of a BERT reader (``model.safetensors``, ``config.json``, ``tokenizer.json``).

    Args:
        source: the reader's folder.
        target: the folder to write.
        name: what the manifest and the fingerprint call it.
        precision: of the weights; those of ``int8w8`` are smoothed.
        looked_at: questions and passages whose activations say how; about a hundred, like those that will be
            read. `examples` if there are none.

    Raises:
        ModelMissingError: the source lacks a file.
        ModelError: it is not a BERT reader, or damaged.
    """
    asked = examples()[0] if looked_at is None else looked_at
    export.export(
        source,
        target=target,
        name=name,
        head="answer_logits",
        precision=precision,
        feeds=(lambda tokenizer, config: _feeds(tokenizer, config, asked)) if precision == "int8w8" else None,
    )


def export_checked(
    source: Path,
    *,
    target: Path,
    name: str,
    looked_at: Sequence[Asked] | None = None,
    asked: Sequence[Asked] | None = None,
    limits: Limits = LIMITS,
) -> Agreement:
    """Writes the int8 model folder if it reads as the weights do; the manifest says how alike, and the limits.

    Args:
        source: as for `export_reader`, and so ``name`` and ``looked_at``.
        target: the folder to write; there must be none yet.
        name: see there.
        looked_at: see there.
        asked: questions and passages to compare on, none of them among those looked at; `examples` if not given.
        limits: how alike they must be.

    Raises:
        InputError: the target is there already, or nothing is asked.
        ModelMissingError: the source lacks a file.
        ModelError: it is not a BERT reader, or int8 strays too far.
    """
    if target.exists():
        raise InputError(f"{target} is there already", hint="choose another folder or remove it")
    questions = examples()[1] if asked is None else asked
    if not questions:
        raise InputError("there is no question to compare int8 and fp32 on", hint="give at least one")
    with TemporaryDirectory() as scratch:
        small = Path(scratch) / "int8"
        export_reader(source, target=small, name=name, looked_at=looked_at)
        agreement = _agreement(_fp32(source, Path(scratch)), small, questions)
        if not agreement.within(limits):
            raise ModelError(
                f"int8 strays too far from the weights: {agreement}; the limits are {limits.same:.0%}, "
                f"{limits.sides:.0%} and {limits.shift:.2f}",
                hint="look at passages like those that will be read, or use the weights through transformers",
            )
        record = asdict(agreement)
        del record["texts"]
        checked = {**record, **{f"limit_{key}": value for key, value in asdict(limits).items()}}
        made = files.open_model(small)
        files.write_model(
            target,
            made.contents,
            name=name,
            exporter=made.manifest.exporter,
            precision=made.manifest.precision,
            weights_sha256=made.manifest.weights_sha256,
            agreement={key: round(value, 4) for key, value in checked.items()},
        )
    return agreement


def compare(source: Path, asked: Sequence[Asked], *, looked_at: Sequence[Asked] | None = None) -> Agreement:
    """How int8 agrees with fp32 when each question is asked of its passage; at least one question.

    Questions for which neither finds a span agree.
    """
    with TemporaryDirectory() as scratch:
        small = Path(scratch) / "int8"
        export_reader(source, target=small, name="compared", looked_at=looked_at)
        return _agreement(_fp32(source, Path(scratch)), small, asked)


def _feeds(tokenizer: bytes, config: bert.BertConfig, asked: Sequence[Asked]) -> list[Feed]:
    opened, pair, size = frame(tokenizer, config)
    return [
        feed(fed)
        for question, text in asked
        for _, _, fed in sequences(question, [text], tokenizer=opened, pair=pair, size=size)[1]
    ]


def _fp32(source: Path, scratch: Path) -> Path:
    export_reader(source, target=scratch / "fp32", name="compared", precision="fp32")
    return scratch / "fp32"


def _agreement(large: Path, small: Path, asked: Sequence[Asked]) -> Agreement:
    pairs = list(zip(_best_spans(large, asked), _best_spans(small, asked), strict=True))
    return Agreement(
        questions=len(pairs),
        same=sum(one[:2] == other[:2] for one, other in pairs) / len(pairs),
        shift=sum(abs(one[2] - other[2]) for one, other in pairs) / len(pairs),
        sides=sum((one[2] > 0) == (other[2] > 0) for one, other in pairs) / len(pairs),
        texts=tuple((one[3], other[3]) for one, other in pairs),
    )


def _best_spans(folder: Path, asked: Sequence[Asked]) -> list[tuple[int, int, float, str]]:
    reader = OnnxReader.load(folder)
    try:
        spans = [reader.read(question, [Hit.of(text)]) for question, text in asked]
    finally:
        reader.close()
    return [
        (found[0].start, found[0].end, found[0].score, found[0].text) if found else (0, 0, 0.0, "") for found in spans
    ]
