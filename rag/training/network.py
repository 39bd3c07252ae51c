"""The network that is trained: any encoder with a head of two logits a token, as transformers saves it."""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AutoConfig, AutoModelForQuestionAnswering, AutoTokenizer
from transformers.utils import logging as transformers_logging

from rag.errors import ModelError


class Reader(nn.Module):
    """A question-answering model whose encoder runs in bf16 where asked, and whose head always in float32.

    The head decides between spans whose logits differ by little: bf16's eight bits are too few there.
    """

    def __init__(self, model: Any, *, bf16: bool) -> None:
        super().__init__()
        self.model = model
        self._bf16 = bf16
        self._kinds = getattr(model.config, "type_vocab_size", 0) > 1

    def forward(self, ids: Tensor, kinds: Tensor, attended: Tensor) -> Tensor:
        """Start and end logits, float32 [B, L, 2], of int64 ids and kinds and bool attended [B, L]."""
        encoder = getattr(self.model, self.model.base_model_prefix)
        more = {"token_type_ids": kinds} if self._kinds else {}
        with torch.autocast(ids.device.type, dtype=torch.bfloat16, enabled=self._bf16):
            hidden = encoder(input_ids=ids, attention_mask=attended, **more)[0]
        with torch.autocast(ids.device.type, enabled=False):
            logits: Tensor = self.model.qa_outputs(hidden.float())
        return logits


def load(start: Path, *, bf16: bool, seed: int) -> tuple[Reader, Any]:
    """The network and its fast tokenizer from a folder in the transformers layout, dropout off.

    An encoder without question-answering head gets a new one, drawn with the seed.

    Raises:
        ModelError: the folder holds no such model, or its tokenizer is not a fast one.
    """
    transformers_logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    torch.manual_seed(seed)
    try:
        config = AutoConfig.from_pretrained(start, local_files_only=True)
        for name in (
            "hidden_dropout_prob",
            "attention_probs_dropout_prob",
            "dropout",
            "attention_dropout",
            "qa_dropout",
            "classifier_dropout",
        ):
            if getattr(config, name, None):
                setattr(config, name, 0.0)
        model = AutoModelForQuestionAnswering.from_pretrained(
            start, config=config, local_files_only=True, dtype=torch.float32
        )
        tokenizer = AutoTokenizer.from_pretrained(start, local_files_only=True)
    except (OSError, ValueError) as error:
        raise ModelError(
            f"cannot load a model from {start}: {error}",
            hint="give a folder with config.json, weights and tokenizer.json",
        ) from error
    if not tokenizer.is_fast:
        raise ModelError(f"the tokenizer in {start} gives no offsets", hint="use a model with tokenizer.json")
    return Reader(model, bf16=bf16), tokenizer
