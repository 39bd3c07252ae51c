"""Any sentence-transformers model, through torch."""

import hashlib
import threading
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from rag.errors import ModelError, ModelMissingError
from rag.inference.tokens import open_tokenizer
from rag.protocols import Embedder, Vectors

_PASSAGE_PROMPTS: Final = ("document", "passage", "corpus")
_UNBOUNDED: Final = 8192


class SentenceTransformerEmbedder(Embedder):
    """Embeds with a SentenceTransformer on the CPU, in unit length, with its own prompts for question and passage.

    The library sets up its tokenizer anew in every call, so a lock lets in one thread at a time. Rows may
    differ by float rounding from those of another batch.
    """

    def __init__(self, model: Any, *, name: str) -> None:
        tokenizer = getattr(model.tokenizer, "backend_tokenizer", None)
        if tokenizer is None:
            raise ModelError(f"the tokenizer of {name} gives no offsets", hint="use a model with a tokenizer.json")
        self._model = model
        self._tokenizer = open_tokenizer(tokenizer.to_str().encode())
        self._lock = threading.Lock()
        self._dim = int(model.get_embedding_dimension())
        prompt = next((model.prompts[key] for key in _PASSAGE_PROMPTS if model.prompts.get(key)), "")
        taken = len(self._tokenizer.encode(prompt).ids)
        self._max_tokens = min(int(model.max_seq_length or _UNBOUNDED), _UNBOUNDED) - taken
        prompts = hashlib.sha256(repr(sorted(model.prompts.items())).encode()).hexdigest()
        self._fingerprint = f"{name}@{_digest(model)[:12]}/{prompts[:6]}/{model.max_seq_length}/torch"

    @classmethod
    def load(cls, name: str) -> "SentenceTransformerEmbedder":
        """The embedder of that name (on the hub or in its cache) or in that folder.

        Raises:
            ModelMissingError: sentence-transformers is not installed, or there is no such model.
            ModelError: the model cannot be loaded, or its tokenizer is not a fast one.
        """
        try:
            from sentence_transformers import SentenceTransformer
        except ImportError as error:
            hint = "python -m pip install 'quoth[models]'"
            raise ModelMissingError("embedding with this model needs sentence-transformers", hint=hint) from error
        try:
            model = SentenceTransformer(name, device="cpu")
        except OSError as error:
            raise ModelMissingError(
                f"there is no model {name}", hint="give a name on the model hub or a folder"
            ) from error
        except (ValueError, KeyError, ImportError) as error:
            raise ModelError(f"{name} cannot be loaded as an embedder: {error}") from error
        return cls(model, name=name)

    @property
    def fingerprint(self) -> str:
        """Names the model, its weights and its prompts."""
        return self._fingerprint

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return self._dim

    @property
    def max_tokens(self) -> int:
        """Tokens of one passage that are looked at; the passage prompt's are taken off."""
        return self._max_tokens

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        """Character span of every token, nothing truncated."""
        spans: list[tuple[int, int]] = self._tokenizer.encode(text, add_special_tokens=False).offsets
        return spans

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Unit rows, in order."""
        if not texts:
            return np.empty((0, self._dim), dtype=np.float32)
        with self._lock:
            rows = self._model.encode_document(list(texts), normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(rows, dtype=np.float32)

    def embed_question(self, text: str) -> Vectors:
        """A unit vector, made with the model's question prompt if it has one."""
        with self._lock:
            row = self._model.encode_query(text, normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(row, dtype=np.float32)


def _digest(model: Any) -> str:
    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.float().contiguous().numpy().tobytes())
    return digest.hexdigest()
