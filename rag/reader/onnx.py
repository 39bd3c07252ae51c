"""The default reader: a BERT with start and end logits on ONNX Runtime, without torch."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from rag.inference import bert, files
from rag.inference.session import Session
from rag.inference.tokens import open_tokenizer
from rag.protocols import Reader
from rag.reader import reading
from rag.reader.spans import Logits
from rag.reader.windows import Input, Pair
from rag.types import Hit, Span

SHIPPED: Final = Path(__file__).parents[1] / "models" / "reader"


class OnnxReader(Reader):
    """Reads with a model folder as `rag.reader.export` makes it; a passage's scores do not depend on the others."""

    def __init__(self, model: files.Model, *, threads: int = 0) -> None:
        self._fingerprint = model.manifest.fingerprint
        self._tokenizer = open_tokenizer(model.contents["tokenizer.json"])
        self._pair = Pair.of(self._tokenizer, no_answer=self._tokenizer.token_to_id("[CLS]"))
        positions = bert.BertConfig.parse(model.contents["config.json"]).positions
        self._size = min(reading.WINDOW_TOKENS, positions)
        self._session = Session(model.contents["model.onnx"], threads=threads)

    @classmethod
    def load(cls, folder: Path = SHIPPED, *, threads: int = 0) -> "OnnxReader":
        """The reader in a model folder, every file checked; ``threads`` are workers, 0 means one a core.

        Raises:
            ModelMissingError: there is no model in the folder.
            ModelError: a file is not what was written, or cannot be run.
        """
        return cls(files.open_model(folder), threads=threads)

    @property
    def fingerprint(self) -> str:
        """Names weights, precision and exporter."""
        return self._fingerprint

    def read(self, question: str, hits: Sequence[Hit]) -> list[Span]:
        """Spans of the passages of all hits, best first, at most five a passage."""
        return reading.read(question, hits, tokenizer=self._tokenizer, pair=self._pair, run=self._run, size=self._size)

    def close(self) -> None:
        """Ends the worker threads."""
        self._session.close()

    def _run(self, inputs: Sequence[Input]) -> list[Logits]:
        outputs = self._session.run([{"input_ids": fed.ids, "token_type_ids": fed.kinds} for fed in inputs])
        return [logits[0] for logits in outputs]
