"""Training a reader: `train(run)` goes from files of questions to a folder with a model."""

import json
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from rag.errors import ModelError
from rag.training.batches import Batch
from rag.training.checkpoint import Checkpoints, Place
from rag.training.dev import measure
from rag.training.loss import group_loss
from rag.training.network import Reader, load
from rag.training.prepare import prepare
from rag.training.run import TrainingRun
from rag.training.schedule import Schedule
from rag.training.sources import on_files
from rag.training.start import float_folder

EVERY = 10
"""Steps between two reports of progress."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How a run stands, for a line on a screen or in a log.

    loss, by_group, by_row are smoothed over some 50 steps; rows_per_second is since the last report.
    """

    step: int
    steps: int
    loss: float
    by_group: float
    by_row: float
    rows_per_second: float
    seconds_left: float
    learning_rate: float

    def __str__(self) -> str:
        """One line with units."""
        return (
            f"step {self.step}/{self.steps}  loss {self.loss:.3f} (group {self.by_group:.3f}, row {self.by_row:.3f})  "
            f"{self.rows_per_second:.1f} rows/s  lr {self.learning_rate:.2e}  {self.seconds_left / 60:.0f} min left"
        )


def _silent(_progress: Progress) -> None:
    pass


def train(
    run: TrainingRun, *, progress: Callable[[Progress], None] = _silent, stop_after: int | None = None
) -> Path | None:
    """The folder of the finished model, trained as `run` says; a run that was cut short goes on where it was.

    Writes run.json, checkpoints/ and at the end final/ and averaged/ (the running average of the
    weights) in the transformers layout; run.json then has the figures of both over the development
    set. With `stop_after` it stops once that step is in a checkpoint, and gives None if that is not
    yet the end.

    Raises:
        InputError: a source cannot be read, or nothing is left to learn from.
        ModelError: the start model cannot be loaded, `out` holds another run's checkpoints, or the loss
            is no longer a number.
    """
    torch.set_num_threads(run.threads)
    run.out.mkdir(parents=True, exist_ok=True)
    run, without_passage = on_files(run)
    record = run.record()
    start = float_folder(run.start, scratch=run.out / "start")
    network, tokenizer = load(start, bf16=run.bf16 and _computes_bf16(run.device), seed=run.seed)
    network.to(run.device)
    checkpoints = Checkpoints(run.out / "checkpoints", fingerprint=record["fingerprint"], keep=run.keep)
    trainer = _Trainer(run, network, checkpoints)
    prepared = prepare(run, tokenizer)
    schedule = Schedule(run, material=prepared.material, tokenizer=tokenizer)
    record |= {"questions": {**prepared.counts, "without_passage": without_passage}, "steps": schedule.steps}
    _write(record, run.out / "run.json")

    finished = trainer.go(schedule, progress=progress, stop_after=stop_after)
    if not finished:
        return None
    figures = {}
    for name in ("final", "averaged"):
        if name == "averaged":
            trainer.use_average()
        network.model.save_pretrained(run.out / name)
        tokenizer.save_pretrained(run.out / name)
        measured = measure(network, tokenizer, prepared.dev, rivals=prepared.dev_rivals)
        figures[name] = None if measured is None else asdict(measured)
    record |= {"seconds": round(trainer.place.seconds), "development": figures}
    _write(record, run.out / "run.json")
    return run.out / "averaged"


def _computes_bf16(device: str) -> bool:
    """Whether bf16 is computed at all: a processor without it takes a hundred times as long as for float32."""
    return device != "cpu" or bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def _write(record: dict[str, Any], path: Path) -> None:
    path.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


class _Trainer:
    """Weights, optimiser and running average of a run, from its newest checkpoint where there is one."""

    def __init__(self, run: TrainingRun, network: Reader, checkpoints: Checkpoints) -> None:
        self.run = run
        self.network = network
        self.checkpoints = checkpoints
        matrices = [p for p in network.parameters() if p.ndim > 1]
        vectors = [p for p in network.parameters() if p.ndim <= 1]
        parts = [{"params": matrices, "weight_decay": run.weight_decay}, {"params": vectors, "weight_decay": 0.0}]
        self.optimizer = torch.optim.AdamW(parts, lr=run.lr, betas=(0.9, 0.98), fused=True)
        self.parameters = dict(network.named_parameters())
        newest = checkpoints.newest()
        if newest is None:
            self.place = Place(0, 0.0)
            self.average = {name: p.detach().clone() for name, p in self.parameters.items()}
        else:
            self.place, self.average = checkpoints.restore(newest, network=network, optimizer=self.optimizer)
        self.forward: Callable[..., Tensor] = torch.compile(network, dynamic=False) if run.compiled else network

    def go(self, schedule: Schedule, *, progress: Callable[[Progress], None], stop_after: int | None) -> bool:
        """Whether the run has come to its end, rather than to `stop_after`."""
        end = min(schedule.steps, stop_after or schedule.steps)
        began = saved = time.monotonic()
        before, meter = self.place, _Meter(schedule.steps, self.place.step)
        for step, batch in schedule.batches(self.place.step):
            if step >= end:
                break
            slept = _sleep_while(self.run.pause)
            began, meter.since = began + slept, meter.since + slept
            learning_rate = schedule.learning_rate(step)
            meter.add(batch, self._step(batch, learning_rate))
            now = time.monotonic()
            self.place = Place(step + 1, before.seconds + now - began)
            if (step + 1) % EVERY == 0 or step + 1 == end:
                progress(meter.report(step + 1, seconds=now - began, learning_rate=learning_rate))
            if step + 1 == end or now - saved > self.run.checkpoint_minutes * 60:
                self.checkpoints.save(self.place, network=self.network, average=self.average, optimizer=self.optimizer)
                saved = now
        return self.place.step >= schedule.steps

    def use_average(self) -> None:
        """Put the running average in the place of the weights."""
        with torch.no_grad():
            for name, parameter in self.parameters.items():
                parameter.copy_(self.average[name])

    def _step(self, batch: Batch, learning_rate: float) -> list[float]:
        for part in self.optimizer.param_groups:
            part["lr"] = learning_rate
        logits = self.forward(self._put(batch.ids), self._put(batch.kinds), self._put(batch.attended))
        loss, parts = group_loss(
            logits,
            passage=self._put(batch.passage),
            starts=self._put(batch.starts),
            ends=self._put(batch.ends),
            group=self._put(batch.group),
            shared=self.run.shared,
        )
        value = loss.item()
        if not math.isfinite(value):
            raise ModelError(f"the loss became {value}", hint="go on from the last checkpoint with a lower lr")
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.network.parameters(), self.run.clip)
        self.optimizer.step()
        self._average_in()
        return [value, *parts.tolist()]

    def _average_in(self) -> None:
        """Move the running average towards the weights, faster in the first steps so that the start is forgotten."""
        done = self.place.step + 1
        share = 1 - min(self.run.average, done / (done + 9))
        with torch.no_grad():
            weights: list[Tensor] = list(self.parameters.values())
            torch._foreach_lerp_([self.average[name] for name in self.parameters], weights, share)

    def _put(self, array: NDArray[Any]) -> Tensor:
        return torch.from_numpy(array).to(self.run.device)


class _Meter:
    """Smoothed losses and speed."""

    def __init__(self, steps: int, first: int) -> None:
        self.steps = steps
        self.first = first
        self.rows = 0
        self.since = time.monotonic()
        self.smooth: list[float] = []

    def add(self, batch: Batch, losses: list[float]) -> None:
        self.rows += int((batch.group >= 0).sum())
        former = self.smooth or losses
        self.smooth = [0.98 * old + 0.02 * new for old, new in zip(former, losses, strict=True)]

    def report(self, done: int, *, seconds: float, learning_rate: float) -> Progress:
        now = time.monotonic()
        speed = self.rows / max(now - self.since, 1e-9)
        self.rows, self.since = 0, now
        loss, by_group, by_row = self.smooth
        return Progress(
            step=done,
            steps=self.steps,
            loss=loss,
            by_group=by_group,
            by_row=by_row,
            rows_per_second=speed,
            seconds_left=seconds / (done - self.first) * (self.steps - done),
            learning_rate=learning_rate,
        )


def _sleep_while(pause: Path | None) -> float:
    """Sleeps while the file exists; gives the seconds slept."""
    began = time.monotonic()
    while pause is not None and pause.exists():
        time.sleep(1)
    return time.monotonic() - began
