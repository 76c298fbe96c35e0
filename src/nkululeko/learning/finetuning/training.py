"""The training itself, by the Trainer of transformers: best epoch on watched data, resumed after an interruption."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nkululeko.core.errors import NkululekoError, missing_package
from nkululeko.core.progress import progress
from nkululeko.learning.finetuning.options import FinetuneOptions
from nkululeko.learning.finetuning.sound import Sounds, collate, outputs_of
from nkululeko.learning.nets.backend import threads

if TYPE_CHECKING:
    from torch.nn import Module

_log = logging.getLogger("nkululeko")


@dataclass(frozen=True)
class Watched:
    """What the epoch is chosen on.

    Args:
        sounds: its segments
        figure: the measure, of the module's outputs
        loss: the loss, of the module's outputs
        higher_is_better: whether a large measure is a good one
    """

    sounds: Sounds
    figure: Callable[[np.ndarray], float]
    loss: Callable[[np.ndarray], float]
    higher_is_better: bool


@dataclass(frozen=True)
class Course:
    """How long, where and with what the training runs.

    Args:
        epochs: how many
        seed: of everything random
        device: ``cpu``, ``cuda:0`` ...
        precision: ``float32``, ``bfloat16`` or ``float16``
        folder: of its checkpoints
        logs: of TensorBoard; None: nowhere
        smallest: samples in a batch that the loss needs
        jobs: threads
    """

    epochs: int
    seed: int
    device: str
    precision: str
    folder: Path
    logs: Path | None
    smallest: int
    jobs: int


def train(
    module: Module, sounds: Sounds, loss: Callable[[Any, Any], Any], options: FinetuneOptions, course: Course,
    watched: Watched | None,
) -> list[dict[str, float]]:  # fmt: skip
    """Train a module in place; the epoch that does best on what is watched is kept, else the last one.

    An interrupted training goes on after its last epoch. Where the memory of a GPU does not suffice, batches are
    halved once.

    Args:
        module: network and head
        sounds: with labels
        loss: of outputs and labels
        options: learning rate ...
        course: how long, where
        watched: None: nothing to choose the epoch on

    Returns:
        an epoch each: ``epoch``, ``loss``, and where watched ``watched_loss`` and ``watched``

    Raises:
        NkululekoError: a package is missing, or memory does not suffice for half of the batch
    """
    import torch

    with _quiet(course):
        try:
            return _once(module, sounds, loss, options, course, watched, 1)
        except torch.OutOfMemoryError:
            torch.cuda.empty_cache()
        half = options.batch_size // 2
        todo = f"set MODEL.batch_size = {max(half // 2, 1)}, a smaller max_duration, or MODEL.lora = True"
        try:
            if not half:
                raise torch.OutOfMemoryError
            _log.warning("memory does not suffice for batches of %d: in halves", options.batch_size)
            return _once(module, sounds, loss, options, course, watched, 2)
        except torch.OutOfMemoryError:
            what = f"memory does not suffice for batches of {max(half, 1)}"
            raise NkululekoError(what, course.device, todo) from None


def _once(
    module: Module, sounds: Sounds, loss: Callable[[Any, Any], Any], options: FinetuneOptions, course: Course,
    watched: Watched | None, parts: int,
) -> list[dict[str, float]]:  # fmt: skip
    hf, callbacks = _trainer_package(), []
    rows, batch = len(sounds), min(max(options.batch_size // parts, 1), len(sounds))
    steps = -(-rows // (batch * parts)) * course.epochs
    arguments = _arguments(hf, course)(
        output_dir=str(course.folder), num_train_epochs=course.epochs, per_device_train_batch_size=batch,
        gradient_accumulation_steps=parts, learning_rate=options.learning_rate, weight_decay=options.weight_decay,
        warmup_steps=round(options.warmup_ratio * steps), lr_scheduler_type="linear", seed=course.seed,
        data_seed=course.seed, logging_strategy="epoch", save_strategy="epoch", save_total_limit=1,
        eval_strategy="epoch" if watched else "no", load_best_model_at_end=watched is not None,
        metric_for_best_model="watched" if watched else None,
        greater_is_better=watched.higher_is_better if watched else None, report_to=[], disable_tqdm=True,
        remove_unused_columns=False, label_names=["labels"], use_cpu=course.device == "cpu",
        dataloader_pin_memory=False, dataloader_drop_last=0 < rows % batch < course.smallest,
        bf16=course.precision == "bfloat16", fp16=course.precision == "float16",
    )  # fmt: skip
    if watched and options.patience:
        callbacks.append(hf.EarlyStoppingCallback(options.patience))
    if course.logs is not None:
        callbacks.append(_tensorboard(course.logs))
    with progress("fine-tuning (epochs)", course.epochs) as advance:
        callbacks.append(_counting(hf, advance))
        trainer = _trainer(hf, loss, watched, options)(
            model=module, args=arguments, train_dataset=sounds, data_collator=collate, callbacks=callbacks,
            eval_dataset=watched.sounds if watched else None,
        )  # fmt: skip
        trainer.remove_callback(hf.PrinterCallback)
        before = _last(course.folder)
        if before is not None:
            _log.info("going on with an interrupted training, after epoch %d", _epoch(before))
        trainer.train(resume_from_checkpoint=str(before) if before else None)
    return _epochs(trainer.state.log_history)


def _trainer(
    hf: Any, loss: Callable[[Any, Any], Any], watched: Watched | None, options: FinetuneOptions
) -> Any:
    class Ours(hf.Trainer):  # type: ignore[misc]
        def compute_loss(
            self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, **_: Any
        ) -> Any:
            outputs = model(inputs["pieces"])
            value = loss(outputs, inputs["labels"].to(outputs.device))
            return (value, outputs) if return_outputs else value

        def _save(self, output_dir: str, state_dict: Any = None) -> None:
            """The weights only: the Trainer would write its arguments too, as a pickle."""
            from safetensors.torch import save_file

            Path(output_dir).mkdir(parents=True, exist_ok=True)
            state = self.model.state_dict() if state_dict is None else state_dict
            weights = {name: value.detach().cpu().contiguous() for name, value in state.items()}
            save_file(weights, Path(output_dir, "model.safetensors"))

        def evaluate(self, *_: Any, **__: Any) -> dict[str, float]:
            assert watched is not None
            outputs = outputs_of(self.model, watched.sounds, options.batch_size)
            found = {"eval_loss": watched.loss(outputs), "eval_watched": watched.figure(outputs)}
            self.log(found)
            self.control: Any = self.callback_handler.on_evaluate(self.args, self.state, self.control, found)
            return found

    return Ours


def _arguments(hf: Any, course: Course) -> Any:
    import torch

    class Arguments(hf.TrainingArguments):  # type: ignore[misc]
        """On one device, the one that was asked for, whatever others there are."""

        @property
        def device(self) -> Any:
            super().device  # noqa: B018 - sets up what the Trainer asks for later
            return torch.device(course.device)

        @property
        def n_gpu(self) -> int:
            return 0 if course.device == "cpu" else 1

    return Arguments


def _counting(hf: Any, advance: Callable[[], None]) -> Any:
    class Counting(hf.TrainerCallback):  # type: ignore[misc]
        def on_train_begin(self, args: Any, state: Any, control: Any, **more: Any) -> None:
            for _ in range(int(state.epoch or 0)):
                advance()

        def on_epoch_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            advance()

    return Counting()


def _tensorboard(folder: Path) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
        from transformers.integrations import integration_utils
    except ImportError as problem:
        raise missing_package("tensorboard", "finetune", "model finetune") from problem
    return integration_utils.TensorBoardCallback(SummaryWriter(str(folder)))


def _trainer_package() -> Any:
    try:
        import accelerate  # noqa: F401
        import transformers
    except ImportError as problem:
        raise missing_package("accelerate", "finetune", "model finetune") from problem
    return transformers


def _last(folder: Path) -> Path | None:
    """The last checkpoint that was written to its end: the state of the training is its last file."""
    found = [path for path in folder.glob("checkpoint-*") if (path / "trainer_state.json").exists()]
    return max(found, key=lambda path: int(path.name.partition("-")[2]), default=None)


def _epoch(checkpoint: Path) -> int:
    return round(json.loads((checkpoint / "trainer_state.json").read_text())["epoch"])


def _epochs(log: list[dict[str, float]]) -> list[dict[str, float]]:
    rows: dict[int, dict[str, float]] = {}
    names = {"loss": "loss", "eval_loss": "watched_loss", "eval_watched": "watched"}
    for entry in log:
        for theirs, ours in names.items():
            if theirs in entry:
                rows.setdefault(round(entry["epoch"]), {})[ours] = float(entry[theirs])
    return [{"epoch": number, **row} for number, row in sorted(rows.items())]


@contextmanager
def _quiet(course: Course) -> Iterator[None]:
    """Inside, nothing random and no environment is touched for those outside, and nothing is told to anybody."""
    import torch

    state, before = np.random.get_state(), os.environ.get("ACCELERATE_TORCH_DEVICE")  # noqa: NPY002
    os.environ["ACCELERATE_TORCH_DEVICE"] = course.device
    with ExitStack() as stack:
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        stack.enter_context(threads(course.jobs))
        stack.enter_context(torch.random.fork_rng(devices=[] if course.device == "cpu" else [course.device]))
        try:
            yield
        finally:
            np.random.set_state(state)  # noqa: NPY002
            os.environ.pop("ACCELERATE_TORCH_DEVICE")
            if before is not None:
                os.environ["ACCELERATE_TORCH_DEVICE"] = before


def key_of(*parts: Any) -> str:
    """A short name of what a training depends on: another one never goes on where this one stopped.

    Example:
        >>> key_of({"a": 1}, np.zeros(3)) == key_of({"a": 1}, np.zeros(3)) != key_of({"a": 2}, np.zeros(3))
        True
    """
    state = hashlib.blake2b(digest_size=6)
    for part in parts:
        plain = part.tolist() if isinstance(part, np.ndarray) else part
        state.update(json.dumps(plain, sort_keys=True, default=str).encode() + b"\0")
    return state.hexdigest()
