"""The default reader: a BERT with start and end logits on ONNX Runtime, without torch."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tokenizers import Tokenizer

from rag.inference import bert, files
from rag.inference.session import Feed, Session
from rag.inference.tokens import open_tokenizer
from rag.protocols import Reader
from rag.reader import neural
from rag.reader.spans import Logits
from rag.reader.windows import Input, Pair
from rag.types import Hit, Span

SHIPPED: Final = Path(__file__).parents[1] / "models" / "reader"


class OnnxReader(Reader):
    """Reads with a model folder as `rag.reader.export` makes it; a passage's scores do not depend on the others."""

    def __init__(self, model: files.Model, *, threads: int = 0) -> None:
        self._fingerprint = f"{model.manifest.fingerprint}/{model.manifest.files['model.onnx'][:12]}"
        config = bert.BertConfig.parse(model.contents["config.json"])
        self._tokenizer, self._pair, self._size = frame(model.contents["tokenizer.json"], config)
        exact = model.manifest.precision == "int8w8"
        self._session = Session(model.contents["model.onnx"], threads=threads, exact=exact)

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
        """Names weights, precision, exporter and graph (the same weights can be smoothed in several ways)."""
        return self._fingerprint

    def read(self, question: str, hits: Sequence[Hit]) -> list[Span]:
        """Spans of the passages of all hits, best first, at most five a passage."""
        return neural.read(question, hits, tokenizer=self._tokenizer, pair=self._pair, run=self._run, size=self._size)

    def close(self) -> None:
        """Ends the worker threads."""
        self._session.close()

    def _run(self, inputs: Sequence[Input]) -> list[Logits]:
        outputs = self._session.run([feed(fed) for fed in inputs])
        return [logits[0] for logits in outputs]


def frame(tokenizer: bytes, config: bert.BertConfig) -> tuple[Tokenizer, Pair, int]:
    """The tokenizer, the special tokens around question and passage, and how many tokens a sequence may have.

    Raises:
        ModelError: it is not the tokenizer of a BERT model.
    """
    opened = open_tokenizer(tokenizer)
    pair = Pair.of(opened, no_answer=opened.token_to_id("[CLS]"))
    return opened, pair, min(neural.WINDOW_TOKENS, config.positions)


def feed(fed: Input) -> Feed:
    """The input under the names that the graph has."""
    return {"input_ids": fed.ids, "token_type_ids": fed.kinds}
