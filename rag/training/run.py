"""The description of a training run, and the record it leaves."""

import hashlib
import json
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rag.training.batches import BUCKETS
from rag.training.data import OTHERS, Share, file_sha256
from rag.training.groups import Recipe


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRun:
    """Everything that decides what a run learns. The same run on the same machine gives the same weights.

    sources: files of questions, see `data.read_examples`; or of `rag.evaluation.questions`, over `index`.
    start: folder of an encoder or reader to start from, in the transformers layout or exported.
    out: folder for checkpoints, log, run.json and the finished models.
    index, collection: the archive that gives passages to questions that come without.
    mixture: the share of each source by name; `*` stands for all others, and without it they are left out.
    barred: sources never used, whatever the mixture says.
    held_out, held_out_sources: share of articles of these sources kept away as a development set.
    epochs: how many draws of the data are seen; may be a fraction.
    steps: stop the schedule after so many optimiser steps, instead of after the epochs.
    lr, warm_up, weight_decay, clip: peak learning rate, reached after this share of the steps and then
        falling linearly to nothing; AdamW's decay of matrices; largest gradient norm.
    tokens: about how many tokens a batch has. buckets: the row lengths used.
    shared: weight of the loss normalised over a question's passages, see `loss.group_loss`.
    average: decay of the running average of the weights, per step.
    bf16, compiled, threads: how to compute; bf16 only where the processor has it. device: "cpu" or "cuda".
    checkpoint_minutes, keep: how often to write a checkpoint, how many to keep.
    pause: while this file exists, the run sleeps.
    """

    sources: tuple[Path, ...]
    start: Path
    out: Path
    index: Path | None = None
    collection: str = "default"
    mixture: Mapping[str, Share] = field(default_factory=lambda: {OTHERS: Share()})
    barred: frozenset[str] = frozenset()
    held_out: float = 0.0
    held_out_sources: frozenset[str] = frozenset()
    recipe: Recipe = field(default_factory=Recipe)
    seed: int = 1
    epochs: float = 1.0
    steps: int | None = None
    lr: float = 1.2e-4
    warm_up: float = 0.06
    weight_decay: float = 0.01
    clip: float = 1.0
    tokens: int = 6144
    buckets: tuple[int, ...] = BUCKETS
    shared: float = 0.5
    average: float = 0.995
    bf16: bool = True
    compiled: bool = True
    threads: int = 2
    device: str = "cpu"
    checkpoint_minutes: float = 10.0
    keep: int = 2
    pause: Path | None = None

    def __post_init__(self) -> None:
        if not self.sources:
            raise ValueError("a run needs at least one source")
        if self.recipe.longest > max(self.buckets, default=0):
            raise ValueError(f"no bucket holds windows of {self.recipe.longest} tokens")
        if self.tokens < max(self.buckets) * len(self.recipe.negatives):
            raise ValueError("a batch must hold a question's largest group: raise tokens")
        if self.epochs <= 0 or self.lr <= 0 or (self.steps is not None and self.steps < 1):
            raise ValueError("epochs, steps and lr must be above 0")
        if list(self.buckets) != sorted(set(self.buckets)):
            raise ValueError("buckets must rise")

    def record(self) -> dict[str, Any]:
        """What run.json holds: settings, the SHA-256 of each source, library versions, and a fingerprint.

        The fingerprint covers what decides the weights: not folders, threads, pauses or checkpoints.
        """
        settings = {key: _plain(value) for key, value in asdict(self).items()}
        data = {path.name: file_sha256(path) for path in self.sources}
        weights = {path.name: file_sha256(path) for path in sorted(self._weights())}
        free = {
            "sources",
            "start",
            "out",
            "index",
            "collection",
            "bf16",
            "compiled",
            "threads",
            "device",
            "checkpoint_minutes",
            "keep",
            "pause",
        }
        decisive = {
            **{key: value for key, value in settings.items() if key not in free},
            "data": data,
            "weights": weights,
        }
        canonical = json.dumps(decisive, sort_keys=True).encode()
        return {
            "fingerprint": hashlib.sha256(canonical).hexdigest()[:16],
            "settings": settings,
            "data_sha256": data,
            "start_sha256": weights,
            "versions": {
                "python": platform.python_version(),
                **{name: version(name) for name in ("torch", "transformers", "tokenizers", "numpy")},
            },
        }

    def _weights(self) -> list[Path]:
        return [path for pattern in ("*.safetensors", "model.onnx") for path in self.start.glob(pattern)]


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in sorted(value.items())}
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, Path) else value
