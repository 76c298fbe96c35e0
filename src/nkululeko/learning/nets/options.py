"""The INI options of neural nets; those of one net differ in a default only."""

from __future__ import annotations

from typing import Literal, get_args

from pydantic import field_validator

from nkululeko.core.plugin import Options, option

#: what stands between the layers; the names of PyTorch's own functions
Activation = Literal["relu", "leaky_relu", "gelu", "elu", "selu", "silu", "tanh", "sigmoid"]
ACTIVATIONS: tuple[str, ...] = get_args(Activation)
#: how the learning rate falls; its factor where ``scheduler.gamma`` is not given
GAMMAS = {"step": 0.5, "plateau": 0.5, "exponential": 0.95}
#: the momentum where it is not given
MOMENTA = {"sgd": 0.9, "rmsprop": 0.0}
#: epochs between two falls where ``scheduler.step_size`` is not given
STEP_SIZE = 10

CNN_LAYERS = "channels of the layers, each of which halves time and columns: [16, 32] or {'l1': 16}"
LSTM_LAYERS = "units of the layers, in each direction: [64] or {'l1': 64}"


class NetOptions(Options):
    """Options of every net."""

    layers: dict[str, int] | tuple[int, ...] = option(
        (64, 16), "sizes of the hidden layers: [64, 16] or {'l1': 64}"
    )
    drop: float = option(
        0.3, "dropout: share of the units that are left out at random in training", ge=0, lt=1
    )
    activation: Activation = option("relu", "function between the layers")
    batch_size: int = option(32, "samples in a step", ge=1)
    learning_rate: float = option(0.001, "size of the steps", gt=0)
    optimizer: Literal["adam", "adamw", "sgd", "rmsprop"] = option("adam", "optimiser")
    weight_decay: float = option(0.0, "pulls the weights towards 0, against overfitting", ge=0)
    momentum: float | None = option(
        None, "share of the last step in the next; sgd (0.9 if not given), rmsprop (0)", ge=0, lt=1
    )
    scheduler: Literal["none", "step", "exponential", "cosine", "plateau"] = option(
        "none", "how the learning rate falls from epoch to epoch"
    )
    scheduler_gamma: float | None = option(
        None,
        "its factor; not given: 0.95 (exponential), 0.5 (step, plateau)",
        ini="scheduler.gamma",
        gt=0,
        le=1,
    )
    scheduler_step_size: int | None = option(
        None,
        "epochs between two falls, for plateau epochs without progress; not given: 10",
        ini="scheduler.step_size",
        ge=1,
    )
    warmup_epochs: int = option(0, "epochs in which the learning rate rises to its full size", ge=0)
    patience: int | None = option(None, "stop after so many epochs without progress; not given: never", ge=1)
    validation_split: float = option(
        20.0,
        "percent of the training speakers that choose the epoch where there is no dev set",
        gt=0,
        lt=100,
    )

    @field_validator("layers")
    @classmethod
    def _layers_of_a_size(cls, layers: dict[str, int] | tuple[int, ...]) -> dict[str, int] | tuple[int, ...]:
        if not layers or any(size < 1 for size in layer_sizes(layers)):
            raise ValueError(
                "expected at least one layer, of whole numbers >= 1, e.g. [64, 16] or {'l1': 64}"
            )
        return layers

    @property
    def sizes(self) -> tuple[int, ...]:
        """The layers' sizes, from the input to the output."""
        return layer_sizes(self.layers)


class ClassOptions(NetOptions):
    """Options of nets that tell classes apart."""

    label_smoothing: float = option(
        0.0, "this share of each label is spread over all classes, against overconfidence", ge=0, lt=1
    )


class CnnOptions(ClassOptions):
    """Options of the convolutional net for classes."""

    layers: dict[str, int] | tuple[int, ...] = option((16, 32, 64), CNN_LAYERS)


class CnnRegOptions(NetOptions):
    """Options of the convolutional net for numbers."""

    layers: dict[str, int] | tuple[int, ...] = option((16, 32, 64), CNN_LAYERS)


class LstmOptions(ClassOptions):
    """Options of the recurrent net for classes."""

    layers: dict[str, int] | tuple[int, ...] = option((64,), LSTM_LAYERS)


class LstmRegOptions(NetOptions):
    """Options of the recurrent net for numbers."""

    layers: dict[str, int] | tuple[int, ...] = option((64,), LSTM_LAYERS)


def layer_sizes(layers: dict[str, int] | tuple[int, ...]) -> tuple[int, ...]:
    """The sizes of the layers in the order in which they are given.

    Example:
        >>> layer_sizes({"l1": 64, "l2": 16})
        (64, 16)
    """
    return tuple(layers.values()) if isinstance(layers, dict) else tuple(layers)


def without_effect(options: NetOptions) -> list[str]:
    """Options that were given but change nothing, a line each.

    Example:
        >>> without_effect(NetOptions(momentum=0.5))
        ['momentum has no effect with optimizer = adam']
    """
    notes = []
    if options.momentum is not None and options.optimizer not in MOMENTA:
        notes.append(f"momentum has no effect with optimizer = {options.optimizer}")
    if options.scheduler_gamma is not None and options.scheduler not in GAMMAS:
        notes.append(f"scheduler.gamma has no effect with scheduler = {options.scheduler}")
    if options.scheduler_step_size is not None and options.scheduler not in ("step", "plateau"):
        notes.append(f"scheduler.step_size has no effect with scheduler = {options.scheduler}")
    return notes
