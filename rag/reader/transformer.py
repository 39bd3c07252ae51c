"""Any Hugging Face question-answering model, through transformers and torch."""

import hashlib
import inspect
from collections.abc import Sequence
from typing import Any, Final

from rag.errors import ModelError, ModelMissingError
from rag.inference.tokens import open_tokenizer
from rag.protocols import Reader
from rag.reader import neural
from rag.reader.spans import Logits
from rag.reader.windows import Input, Pair
from rag.types import Hit, Span

_HINT: Final = "python -m pip install 'quoth[models]'"


class TransformerReader(Reader):
    """Reads with an AutoModelForQuestionAnswering that has a fast tokenizer and a CLS token.

    The tokenizer is copied and set once, so threads may share it. One window a forward pass: scores do not
    depend on the other passages.
    """

    def __init__(self, model: Any, tokenizer: Any, *, name: str) -> None:
        if not tokenizer.is_fast:
            raise ModelError(f"the tokenizer of {name} gives no offsets", hint="use a model with a tokenizer.json")
        self._model = model.eval()
        self._tokenizer = open_tokenizer(tokenizer.backend_tokenizer.to_str().encode())
        self._pair = Pair.of(self._tokenizer, no_answer=tokenizer.cls_token_id)
        self._size = min(neural.WINDOW_TOKENS, tokenizer.model_max_length, _positions(model.config))
        self._with_kinds = _takes_kinds(model)
        self._fingerprint = f"{name}@{_digest(model)[:12]}/torch"

    @classmethod
    def load(cls, name: str) -> "TransformerReader":
        """The reader of that name (on the hub or in its cache) or in that folder, in fp32 on the CPU.

        Raises:
            ModelMissingError: torch or transformers is not installed, or there is no such model.
            ModelError: the model has no question-answering head or no fast tokenizer.
        """
        try:
            import torch
            from transformers import AutoModelForQuestionAnswering, AutoTokenizer
        except ImportError as error:
            raise ModelMissingError(
                "reading with a transformers model needs torch and transformers", hint=_HINT
            ) from error
        try:
            model, report = AutoModelForQuestionAnswering.from_pretrained(
                name, dtype=torch.float32, output_loading_info=True
            )
            tokenizer = AutoTokenizer.from_pretrained(name)
        except OSError as error:
            raise ModelMissingError(
                f"there is no model {name}", hint="give a name on the model hub or a folder"
            ) from error
        except (ValueError, KeyError, ImportError) as error:
            raise ModelError(f"{name} cannot be loaded as a reader: {error}") from error
        if report["missing_keys"]:
            missing = ", ".join(sorted(report["missing_keys"]))
            raise ModelError(
                f"{name} was not trained to answer questions: it lacks {missing}",
                hint="choose a question-answering model",
            )
        return cls(model, tokenizer, name=name)

    @property
    def fingerprint(self) -> str:
        """Names the model and its weights."""
        return self._fingerprint

    def read(self, question: str, hits: Sequence[Hit]) -> list[Span]:
        """Spans of the passages of all hits, best first, at most five a passage."""
        return neural.read(question, hits, tokenizer=self._tokenizer, pair=self._pair, run=self._run, size=self._size)

    def _run(self, inputs: Sequence[Input]) -> list[Logits]:
        import torch

        found: list[Logits] = []
        with torch.inference_mode():
            for fed in inputs:
                kinds = {"token_type_ids": torch.from_numpy(fed.kinds)} if self._with_kinds else {}
                ids = torch.from_numpy(fed.ids)
                output = self._model(input_ids=ids, attention_mask=torch.ones_like(ids), **kinds)
                found.append(torch.stack((output.start_logits[0], output.end_logits[0]), dim=1).float().numpy())
        return found


def _positions(config: Any) -> int:
    """How long a sequence may be; families that count positions from the padding id on have that many fewer."""
    return int(config.max_position_embeddings) - (getattr(config, "pad_token_id", None) or 0) - 1


def _takes_kinds(model: Any) -> bool:
    return (
        getattr(model.config, "type_vocab_size", 0) > 1
        and "token_type_ids" in inspect.signature(model.forward).parameters
    )


def _digest(model: Any) -> str:
    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.contiguous().numpy().tobytes())
    return digest.hexdigest()
