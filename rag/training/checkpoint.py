"""Checkpoints of a training run: folders that are complete or absent, without pickle.

`step-00001200/` holds weights, their running average, the optimiser's moments and the random state
as safetensors, and state.json with the step and the run's fingerprint. A folder is written under
another name, synced, and renamed, so a kill at any moment leaves the former ones usable.
"""

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.optim import Optimizer

from rag.errors import ModelError


@dataclass(frozen=True, slots=True)
class Place:
    """How far a run has come: optimiser steps done, and seconds spent on them."""

    step: int
    seconds: float


class Checkpoints:
    """The checkpoints of one run in one folder, the last `keep` of them kept."""

    def __init__(self, folder: Path, *, fingerprint: str, keep: int = 2) -> None:
        self._folder = folder
        self._fingerprint = fingerprint
        self._keep = keep

    def newest(self) -> Path | None:
        """The folder of the latest complete checkpoint, if there is one."""
        return max(self._folder.glob("step-*/"), default=None)

    def save(self, place: Place, *, network: nn.Module, average: Mapping[str, Tensor], optimizer: Optimizer) -> Path:
        """Write a checkpoint, then remove the ones that are too old. Returns its folder."""
        self._folder.mkdir(parents=True, exist_ok=True)
        target = self._folder / f"step-{place.step:08d}"
        draft = self._folder / ".draft"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir()
        moments = {
            f"{name}/{key}": value.contiguous()
            for name, parameter in network.named_parameters()
            for key, value in optimizer.state[parameter].items()
        }
        save_file(
            {name: p.detach().contiguous() for name, p in network.named_parameters()}, draft / "weights.safetensors"
        )
        save_file({name: value.contiguous() for name, value in average.items()}, draft / "average.safetensors")
        save_file(moments, draft / "moments.safetensors")
        save_file({"cpu": torch.get_rng_state()}, draft / "random.safetensors")
        state = {"step": place.step, "seconds": round(place.seconds, 1), "fingerprint": self._fingerprint}
        (draft / "state.json").write_text(json.dumps(state, indent=1) + "\n", encoding="utf-8")
        for file in draft.iterdir():
            _sync(file)
        _sync(draft)
        shutil.rmtree(target, ignore_errors=True)
        draft.rename(target)
        _sync(self._folder)
        for old in sorted(self._folder.glob("step-*/"))[: -self._keep]:
            shutil.rmtree(old)
        return target

    def restore(self, folder: Path, *, network: nn.Module, optimizer: Optimizer) -> tuple[Place, dict[str, Tensor]]:
        """Put network, optimiser and random state back to a checkpoint; gives its place and weight average.

        Raises:
            ModelError: the checkpoint belongs to a run with other data or settings.
        """
        state = json.loads((folder / "state.json").read_text(encoding="utf-8"))
        if state["fingerprint"] != self._fingerprint:
            message = f"{folder} was made by a run with other data or settings"
            raise ModelError(message, hint="resume with the settings in run.json, or give another output folder")
        weights = load_file(folder / "weights.safetensors")
        moments = load_file(folder / "moments.safetensors")
        with torch.no_grad():
            for name, parameter in network.named_parameters():
                parameter.copy_(weights[name])
                own = {key: moments.get(f"{name}/{key}") for key in ("step", "exp_avg", "exp_avg_sq")}
                held = {key: value.to(parameter.device) for key, value in own.items() if value is not None}
                if held:
                    optimizer.state[parameter] = held
        torch.set_rng_state(load_file(folder / "random.safetensors")["cpu"])
        kept = load_file(folder / "average.safetensors")
        average = {name: kept[name].to(parameter.device) for name, parameter in network.named_parameters()}
        return Place(state["step"], state["seconds"]), average


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
