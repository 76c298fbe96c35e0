"""What all nets share as models: a plug-in only says which layers it has."""

from __future__ import annotations

import logging
from abc import abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nkululeko.core.families import Model, ModelContext
from nkululeko.learning.models._weights import cannot_weight_samples
from nkululeko.learning.nets.backend import device_of, find_torch, need_torch, one_thread, repeatable
from nkululeko.learning.nets.goal import Goal, criterion, figure_of, goal_of, measure_of
from nkululeko.learning.nets.layers import Architecture
from nkululeko.learning.nets.options import NetOptions, without_effect
from nkululeko.learning.nets.saving import Trained, load_net, save_net
from nkululeko.learning.nets.tensors import (
    Inputs,
    Scale,
    as_sequences,
    fit_scale,
    sequence_inputs,
    vector_inputs,
)
from nkululeko.learning.nets.training import Epoch, Watched, as_array, outputs_of, train

if TYPE_CHECKING:
    import pandas as pd
    from torch.nn import Module

_log = logging.getLogger("nkululeko")

#: epochs where nobody says how many
EPOCHS = 50


class NetModel(Model):
    """A neural net for classes or numbers, of vectors or (``takes_sequences``) of sequences."""

    Options = NetOptions
    options: NetOptions
    library = "torch"
    watches = True

    def __init__(self, options: Any = None, context: ModelContext | None = None) -> None:
        super().__init__(options, context)
        self._trained: Trained | None = None
        self._watched: tuple[np.ndarray, np.ndarray] | None = None
        self._epochs: list[Epoch] = []
        self._best = 0

    @classmethod
    def check_installed(cls) -> None:
        """Stop where PyTorch is missing; without importing it."""
        find_torch(cls.plugin_name())

    @abstractmethod
    def build(self, plan: Architecture) -> Module:
        """The untrained layers."""

    def watch(self, features: np.ndarray, target: np.ndarray) -> None:
        """Data to choose the epoch on; samples of classes that the training set lacks are left out there."""
        self._watched = features, np.asarray(target)

    def fit(self, features: np.ndarray, target: np.ndarray, weights: np.ndarray | None = None) -> None:
        """Learn; the epoch that does best on the watched data is kept, without them the last one.

        Raises:
            NkululekoError: PyTorch or the device is missing, or the data, the loss or the measure do not fit
        """
        need_torch(self.plugin_name())
        if weights is not None:
            raise cannot_weight_samples(self.plugin_name())
        for note in without_effect(self.options):
            _log.warning("model %s: %s", self.plugin_name(), note)
        import torch

        device = device_of(self.context.device)
        goal = goal_of(target, self.context, self.plugin_name())
        scale = self._fitted_scale(features)
        inputs, encoded = self._inputs(features, scale, device), goal.encoded(target)
        loss = criterion(goal, encoded, self.context, self.options, device)
        watched = self._watched_data(goal, scale, device)
        plan = Architecture(
            inputs.values.shape[-1],
            goal.outputs,
            self.options.sizes,
            self.options.drop,
            self.options.activation,
        )
        with repeatable(self.context.seed, device):
            net = self.build(plan).to(device)
            self._epochs, self._best = train(
                net,
                inputs,
                torch.from_numpy(encoded).to(device),
                loss,
                self.options,
                self.context.epochs or EPOCHS,
                self.context.seed,
                watched,
            )
        self._trained = Trained(net, plan, goal, scale, device)

    def _watched_data(self, goal: Goal, scale: Scale | None, device: str) -> Watched | None:
        metric = measure_of(self.context)  # a wrong one is told whether or not there is something to watch
        if self._watched is None:
            return None
        import torch

        features, target = self._watched
        known = goal.known(target)
        if not known.any():
            _log.info("model %s: nothing to choose the epoch on, the last one is kept", self.plugin_name())
            return None
        return Watched(
            self._inputs(features[known], scale, device),
            torch.from_numpy(goal.encoded(target[known])).to(device),
            figure_of(goal, target[known], metric),
            metric.higher_is_better,
        )

    def _fitted_scale(self, features: np.ndarray) -> Scale | None:
        """Of sequences, which no scaler of the pipeline takes; None for vectors."""
        if not self.takes_sequences:
            return None
        columns = None if self.context.shape is None else self.context.shape[1]
        return fit_scale(as_sequences(features, columns, self.plugin_name()))

    def _inputs(self, features: np.ndarray, scale: Scale | None, device: str) -> Inputs:
        if scale is None:
            return vector_inputs(features, self.plugin_name(), device)
        sequences = as_sequences(features, len(scale.center), self.plugin_name())
        return sequence_inputs(sequences, scale, device)

    def history(self) -> pd.DataFrame | None:
        """A row an epoch; losses of numbers are those of the standardised target."""
        if not self._epochs:
            return None
        import pandas as pd

        return pd.DataFrame(
            {
                "epoch": [epoch.number for epoch in self._epochs],
                "train_loss": [epoch.train_loss for epoch in self._epochs],
                "watched_loss": [epoch.watched_loss for epoch in self._epochs],
                "watched": [epoch.watched for epoch in self._epochs],
                "best": [epoch.number == self._best for epoch in self._epochs],
            }
        )

    def _outputs(self, features: np.ndarray) -> np.ndarray:
        assert self._trained is not None, "fit or restore goes first"
        trained = self._trained
        if not len(features):
            return np.empty((0, trained.goal.outputs))
        with one_thread():
            return as_array(outputs_of(trained.net, self._inputs(features, trained.scale, trained.device)))

    def predict(self, features: np.ndarray) -> np.ndarray:
        """The predicted label or number of each row."""
        outputs = self._outputs(features)
        assert self._trained is not None
        return self._trained.goal.prediction(outputs)

    @property
    def classes(self) -> list[str]:
        """The labels of the training set, sorted; empty for regression."""
        return [] if self._trained is None else list(self._trained.goal.labels)

    def scores(self, features: np.ndarray) -> np.ndarray | None:
        """The classes' probabilities, shape ``(samples, classes)``; None for regression."""
        outputs = self._outputs(features)
        assert self._trained is not None
        return self._trained.goal.scores(outputs)

    def save(self, folder: Path) -> None:
        """Write weights as safetensors, the rest as JSON."""
        assert self._trained is not None, "fit goes first"
        save_net(self._trained, folder)

    def restore(self, folder: Path) -> None:
        """Read what :meth:`save` wrote, wherever it was computed."""
        need_torch(self.plugin_name())
        self._trained = load_net(self.build, folder, device_of(self.context.device))
