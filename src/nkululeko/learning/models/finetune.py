"""Model ``finetune``: a pretrained network, trained on with the user's labels."""

from __future__ import annotations

import importlib.util
import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from nkululeko.core.errors import missing_package
from nkululeko.core.families import Model, Task
from nkululeko.core.learning_plugins import LOGS, WAITING
from nkululeko.learning.finetuning.module import Head, add_lora, build, freeze, merge_lora, trained_share
from nkululeko.learning.finetuning.options import FinetuneOptions
from nkululeko.learning.finetuning.saving import Tuned, restore, save
from nkululeko.learning.finetuning.sound import Sounds, outputs_of
from nkululeko.learning.finetuning.training import Course, Watched, key_of, train
from nkululeko.learning.models._weights import cannot_weight_samples
from nkululeko.learning.nets.backend import device_of, threads
from nkululeko.learning.nets.goal import criterion, figure_of, goal_of, loss_of, measure_of
from nkululeko.pretrained.checkpoint import Asker, Checkpoint, for_sound, open_checkpoint
from nkululeko.pretrained.network import KINDS, RATE, precision_of, read_network, shortest

if TYPE_CHECKING:
    import pandas as pd

_log = logging.getLogger("nkululeko")
_ASKER = Asker("model finetune", "MODEL.pretrained_model", "MODEL.device")
#: epochs where [EXP] does not say
EPOCHS = 10


class Finetune(Model):
    """A pretrained transformer with a head for the target, both trained; classes are weighted by inverse frequency.

    Its rows are segments; see ``Model.takes_recordings``. The convolutions below the transformer are never trained
    (Baevski et al. 2020); the epoch is chosen on watched data.
    """

    Options = FinetuneOptions
    options: FinetuneOptions
    tasks: ClassVar[tuple[Task, ...]] = ("classification", "regression")
    summary = "a pretrained network, trained on"
    needs_scaling = False
    library = "transformers.trainer"
    unneeded: ClassVar[tuple[str, ...]] = ()
    probabilistic = True
    watches = True
    takes_recordings = True

    def __init__(self, options: Any = None, context: Any = None) -> None:
        super().__init__(options, context)
        self._tuned: Tuned | None = None
        self._watched: tuple[np.ndarray, np.ndarray] | None = None
        self._epochs: list[dict[str, float]] = []
        self._best = 0

    @classmethod
    def check_installed(cls) -> None:
        """Stop where a package is missing; without importing any."""
        for package in ("torch", "transformers", "accelerate", "tensorboard"):
            if importlib.util.find_spec(package) is None:
                raise missing_package(package, "finetune", "model finetune")

    @cached_property
    def checkpoint(self) -> Checkpoint:
        """The folder of the pretrained network, looked at once."""
        return for_sound(open_checkpoint(self.options.pretrained_model, tuple(KINDS), _ASKER, {}))

    def remembered(self) -> dict[str, Any]:
        """Of the pretrained network its name only: what was learned holds all of it."""
        options, model = self.options.model_dump(), self.options.pretrained_model
        return options | {"pretrained_model": Path(model).name if Path(model).is_absolute() else model}

    def shortest(self) -> float:
        """The receptive field of the network, in s."""
        # a trained one needs no longer what it started from, which may be gone
        config = self._tuned.network.config.to_dict() if self._tuned else self.checkpoint.config
        return shortest(config) / RATE

    def watch(self, features: np.ndarray, target: np.ndarray) -> None:
        """Data to choose the epoch on."""
        self._watched = features, np.asarray(target)

    def fit(self, features: np.ndarray, target: np.ndarray, weights: np.ndarray | None = None) -> None:
        """Train on; an interrupted training of the same data with the same options goes on where it stopped.

        Args:
            features: segments, shape ``(samples, 3)``
            target: labels or numbers
            weights: not supported

        Raises:
            NkululekoError: a package, the network or the device is missing, or the data, loss or measure do not fit
        """
        if weights is not None:
            raise cannot_weight_samples("finetune")
        import torch

        options, device = self.options, device_of(self.context.device)
        goal = goal_of(target, self.context, "finetune")
        encoded = goal.encoded(target)
        context = replace(self.context, class_weight=True)
        loss = criterion(goal, encoded, context, options, device)  # type: ignore[arg-type]
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.context.seed)
            network = read_network(self.checkpoint, device, "float32", _ASKER)
            freeze(network, options.freeze_layers)
            if options.lora:
                add_lora(network, options.lora_rank, options.freeze_layers)
            width = self.checkpoint.config.get("hidden_size") or self.checkpoint.config["d_model"]
            head = Head(int(width), goal.outputs, options.head_layers, options.pooling, options.drop)
            module = build(network, head).to(device)
        self._say(features, module)
        sounds = self._sounds(features, network, encoded)
        watched = self._watched_sounds(goal, network, loss)
        with self._places(features, target) as (folder, logs):
            course = Course(
                self.context.epochs or EPOCHS, self.context.seed, device, precision_of(self.context.device), folder,
                logs, getattr(loss_of(self.context), "smallest_batch", 1), self.context.jobs,
            )  # fmt: skip
            self._epochs = train(module, sounds, loss, options, course, watched)
        if options.lora:
            merge_lora(network, module)
        self._best = self._chosen(watched)
        self._tuned = Tuned(module.eval(), network, head, goal)

    def _say(self, rows: np.ndarray, module: Any) -> None:
        cut = int(((rows[:, 2] - rows[:, 1]) > self.options.max_duration).sum())
        if cut:
            _log.warning(
                "finetune: %d of %d training samples are longer than %g s: the rest of them is not heard",
                cut, len(rows), self.options.max_duration,
            )  # fmt: skip
        trained, every = trained_share(module)
        _log.info("finetune: %.1f of %.1f million numbers are trained", trained / 1e6, every / 1e6)

    def _sounds(self, rows: np.ndarray, network: Any, labels: np.ndarray | None = None) -> Sounds:
        recordings, jobs = self.context.recordings, self.context.jobs
        return Sounds(rows, recordings, network, self.options.max_duration, labels, jobs)

    def _watched_sounds(self, goal: Any, network: Any, loss: Any) -> Watched | None:
        metric = measure_of(self.context)
        if self._watched is None:
            return None
        import torch

        rows, target = self._watched
        known = goal.known(target)
        if not known.any():
            _log.info("model finetune: nothing to choose the epoch on, the last one is kept")
            return None
        truth = torch.from_numpy(goal.encoded(target[known])).to(network.device)

        def loss_of_outputs(outputs: np.ndarray) -> float:
            return float(loss(torch.from_numpy(outputs).float().to(network.device), truth))

        figure = figure_of(goal, target[known], metric)
        return Watched(self._sounds(rows[known], network), figure, loss_of_outputs, metric.higher_is_better)

    @contextmanager
    def _places(self, rows: np.ndarray, target: np.ndarray) -> Iterator[tuple[Path, Path | None]]:
        """Where checkpoints and logs go: into the run's folder, under a name for just this training."""
        if not self.context.folder:
            with tempfile.TemporaryDirectory() as temporary:
                yield Path(temporary), None
            return
        context = asdict(replace(self.context, folder="", jobs=1))
        watched = (
            () if self._watched is None else (self._watched[0], [str(each) for each in self._watched[1]])
        )
        key = key_of(
            self.options.model_dump(exclude={"pretrained_model", "push_to_hub"}), self.checkpoint.content, context,
            rows, [str(each) for each in target], *watched,
        )  # fmt: skip
        run = Path(self.context.folder)
        yield run / WAITING / key, run / LOGS / key

    def _chosen(self, watched: Watched | None) -> int:
        if watched is None:
            return int(self._epochs[-1]["epoch"]) if self._epochs else 0
        sign = 1 if watched.higher_is_better else -1
        return int(max(self._epochs, key=lambda row: sign * row.get("watched", -np.inf))["epoch"])

    def history(self) -> pd.DataFrame | None:
        """A row an epoch."""
        if not self._epochs:
            return None
        import pandas as pd

        frame = pd.DataFrame(self._epochs).rename(columns={"loss": "train_loss"})
        for name in ("train_loss", "watched_loss", "watched"):
            if name not in frame:
                frame[name] = float("nan")
        frame["best"] = frame["epoch"] == self._best
        return frame[["epoch", "train_loss", "watched_loss", "watched", "best"]]

    def _outputs(self, rows: np.ndarray) -> np.ndarray:
        assert self._tuned is not None, "fit or restore goes first"
        if not len(rows):
            return np.empty((0, self._tuned.goal.outputs))
        sounds = self._sounds(rows, self._tuned.network)
        with threads(self.context.jobs):
            return outputs_of(self._tuned.module, sounds, self.options.batch_size)

    def predict(self, features: np.ndarray) -> np.ndarray:
        """The predicted label or number of each segment."""
        outputs = self._outputs(features)
        assert self._tuned is not None
        return self._tuned.goal.prediction(outputs)

    @property
    def classes(self) -> list[str]:
        """The labels of the training set, sorted; empty for regression."""
        return [] if self._tuned is None else list(self._tuned.goal.labels)

    def scores(self, features: np.ndarray) -> np.ndarray | None:
        """The classes' probabilities, shape ``(samples, classes)``; None for regression."""
        outputs = self._outputs(features)
        assert self._tuned is not None
        return self._tuned.goal.scores(outputs)

    def save(self, folder: Path) -> None:
        """Write the network as a checkpoint that others can read, and the head beside it."""
        assert self._tuned is not None, "fit goes first"
        save(self._tuned, folder)

    def restore(self, folder: Path) -> None:
        """Read what :meth:`save` wrote, wherever it was computed."""
        self.check_installed()
        self._tuned = restore(folder, device_of(self.context.device), "float32", _ASKER)
