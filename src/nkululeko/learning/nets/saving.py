"""Writing and reading a trained net: its weights as safetensors, all else as JSON; never a pickle."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nkululeko.learning._persist import bad_file, load_json, save_json
from nkululeko.learning.nets.goal import Goal
from nkululeko.learning.nets.layers import Architecture
from nkululeko.learning.nets.tensors import Scale

if TYPE_CHECKING:
    from torch.nn import Module

#: changes when older files can no longer be read
FORMAT = 1


@dataclass(frozen=True)
class Trained:
    """A net and what belongs to it.

    Args:
        net: the layers, trained
        plan: what they look like
        goal: what the outputs mean
        scale: of the frames; None: the net takes vectors
        device: where it computes
    """

    net: Module
    plan: Architecture
    goal: Goal
    scale: Scale | None
    device: str


def save_net(trained: Trained, folder: Path) -> None:
    """Write ``net.safetensors`` and ``net.json``; wherever the net computes, they are the same."""
    from safetensors.numpy import save_file

    arrays = {f"net.{name}": _plain(value) for name, value in trained.net.state_dict().items()}
    if trained.scale is not None:
        arrays |= {"scale.center": trained.scale.center, "scale.spread": trained.scale.spread}
    save_file(arrays, folder / "net.safetensors")
    about = {"format": FORMAT, "goal": asdict(trained.goal), "plan": asdict(trained.plan)}
    save_json(folder / "net.json", about)


def load_net(build: Callable[[Architecture], Module], folder: Path, device: str) -> Trained:
    """Read what :func:`save_net` wrote.

    Args:
        build: makes the untrained layers
        folder: where the files lie
        device: where the net shall compute

    Raises:
        NkululekoError: a file is missing, broken, or does not fit the other
    """
    import torch

    about = folder / "net.json"
    described = load_json(about)
    if described.get("format") != FORMAT:
        raise bad_file(about, f"has format {described.get('format')}, this version reads {FORMAT}")
    try:
        plan, goal = _plan(described["plan"]), goal_from(described["goal"])
        with torch.device("meta"):  # without memory: a broken file may ask for layers of any size
            net = build(plan)
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        reason = f"is not complete or not of ours ({type(error).__name__}: {error})"
        raise bad_file(about, reason) from error
    weights = folder / "net.safetensors"
    arrays = _arrays(weights)
    scale = None
    if "scale.center" in arrays and "scale.spread" in arrays:
        scale = Scale(arrays.pop("scale.center"), arrays.pop("scale.spread"))
    state = {name.removeprefix("net."): torch.from_numpy(array) for name, array in arrays.items()}
    try:
        net.load_state_dict(state, assign=True)
        _check_fit(plan, goal, scale, state)
    except (RuntimeError, ValueError) as error:
        raise bad_file(weights, f"does not hold what {about.name} describes") from error
    return Trained(net.to(device).eval(), plan, goal, scale, device)


def _plain(value: Any) -> np.ndarray:
    """A tensor as numpy's array, row by row in memory."""
    return np.ascontiguousarray(value.detach().cpu().numpy())


def _arrays(path: Path) -> dict[str, np.ndarray]:
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        return load_file(path)
    except FileNotFoundError as error:
        raise bad_file(path, "the file is missing") from error
    except (SafetensorError, OSError, ValueError, KeyError) as error:
        raise bad_file(path, "not a file of safetensors") from error


def _plan(described: dict[str, Any]) -> Architecture:
    """The architecture, checked."""
    plan = Architecture(**{**described, "layers": tuple(described["layers"])})
    sizes = [plan.inputs, plan.outputs, *plan.layers]
    if any(type(size) is not int or size < 1 for size in sizes):
        raise ValueError(f"sizes of layers must be whole numbers, not {sizes}")
    return plan


def goal_from(described: dict[str, Any]) -> Goal:
    """The goal, its types made sure."""
    return Goal(
        tuple(str(label) for label in described["labels"]),
        float(described["center"]),
        float(described["spread"]),
        bool(described["one_vs_rest"]),
    )


def _check_fit(plan: Architecture, goal: Goal, scale: Scale | None, state: dict[str, Any]) -> None:
    """What PyTorch does not check: types of numbers, classes by outputs, columns of the scale."""
    if plan.outputs != goal.outputs or any(value.dtype.itemsize != 4 for value in state.values()):
        raise ValueError("other outputs, or other numbers than 32-bit ones")
    if scale is not None and not scale.center.shape == scale.spread.shape == (plan.inputs,):
        raise ValueError("another number of columns")
