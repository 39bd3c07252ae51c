"""One model out of several that share their beginning: the mean of their weights."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from rag.errors import InputError, ModelError

WEIGHTS = "model.safetensors"


def average_models(
    folders: Sequence[Path], *, out: Path, weights: Sequence[float] | None = None, half: bool = False
) -> Path:
    """A model folder whose weights are the mean of those in `folders`, the rest copied from the first.

    With `half` they are stored as float16: half the size, and enough to go on training from. One folder
    is allowed, and then gives a copy.

    Helps for models of one run or of runs that started from the same weights and went alike (Wortsman
    et al., 2022: model soups); models of different beginnings average to nothing useful. `weights` need
    not sum to 1.

    Raises:
        InputError: no folders, or not one weight each.
        ModelError: the models differ in shape.
    """
    shares = list(weights) if weights is not None else [1.0] * len(folders)
    if not folders or len(shares) != len(folders) or sum(shares) <= 0:
        raise InputError("averaging needs models, and one weight above zero for each", hint="name at least one folder")
    total: dict[str, Tensor] = {}
    for folder, share in zip(folders, shares, strict=True):
        held = load_file(folder / WEIGHTS)
        shapes = {name: tuple(value.shape) for name, value in held.items()}
        if total and shapes != {name: tuple(value.shape) for name, value in total.items()}:
            raise ModelError(f"{folder} and {folders[0]} differ in shape", hint="average models of one run")
        for name, value in held.items():
            part = value.to(torch.float64) * (share / sum(shares))
            total[name] = total[name] + part if name in total else part
    out.mkdir(parents=True, exist_ok=True)
    for file in folders[0].iterdir():
        if file.is_file() and file.suffix in {".json", ".txt", ".model"}:
            shutil.copy2(file, out / file.name)
    mean = {name: value.to(torch.float16 if half else torch.float32) for name, value in total.items()}
    save_file(mean, out / WEIGHTS, metadata={"format": "pt"})
    return out
