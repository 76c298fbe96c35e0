"""PyTorch itself: whether it is there, on which device it computes, and how it is kept quiet and repeatable."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from nkululeko.core.errors import NkululekoError, missing_package

_COMPILER = "torch._dynamo"


def need_torch(model: str) -> None:
    """Make sure that PyTorch is installed.

    Raises:
        NkululekoError: it is not; names the extra to install
    """
    try:
        import torch  # noqa: F401
    except ImportError as error:
        raise missing_package("torch", "torch", f"model {model}") from error


def find_torch(model: str) -> None:
    """Make sure that PyTorch is installed, without importing it.

    Raises:
        NkululekoError: it is not; names the extra to install
    """
    if importlib.util.find_spec("torch") is None:
        raise missing_package("torch", "torch", f"model {model}")


def device_of(name: str) -> str:
    """The device to compute on, under PyTorch's name.

    Args:
        name: ``auto`` (a GPU if there is one), ``cpu``, ``cuda``, ``cuda:3``

    Raises:
        NkululekoError: there is no such device; names those that there are

    Example:
        >>> device_of("cpu")
        'cpu'
    """
    import torch

    gpus = [f"cuda:{number}" for number in range(torch.cuda.device_count())]
    if name == "auto":
        return gpus[0] if gpus else "cpu"
    if name == "cuda" and gpus:
        return gpus[0]
    if name != "cpu" and name not in gpus:
        there = ", ".join(["auto", "cpu", *gpus])
        raise NkululekoError(f"there is no device '{name}' here", "MODEL.device", f"expected one of: {there}")
    return name


@contextmanager
def repeatable(seed: int, device: str) -> Iterator[None]:
    """Inside, all that PyTorch draws follows from the seed; afterwards its generators are as they were.

    On the CPU the same numbers come out each time.
    """
    import torch

    with (
        without_compiler(),
        one_thread(),
        torch.random.fork_rng(devices=[] if device == "cpu" else [device]),
        torch.backends.cudnn.flags(benchmark=False, deterministic=True, allow_tf32=False),
    ):
        torch.manual_seed(seed)
        yield


@contextmanager
def one_thread() -> Iterator[None]:
    """Inside, PyTorch computes with one thread of the CPU.

    For nets of this size more threads only wait for each other (where other programs run, up to 30 times as long),
    and sums added up in another order would make the result depend on the number of cores.
    """
    with threads(1):
        yield


@contextmanager
def threads(count: int) -> Iterator[None]:
    """Inside, PyTorch computes with so many threads of the CPU."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def without_compiler() -> Iterator[None]:
    """Inside, PyTorch's optimisers do not import its compiler, which takes 2 s, only to tell it to stay away.

    A stand-in takes the compiler's place meanwhile; whoever wants more of it than this gets the real one.
    """
    if _COMPILER in sys.modules:
        yield
        return
    stand_in: Any = ModuleType(_COMPILER)

    def the_real_one(attribute: str) -> Any:
        if sys.modules.get(_COMPILER) is stand_in:
            del sys.modules[_COMPILER]
        return getattr(importlib.import_module(_COMPILER), attribute)

    stand_in.graph_break = lambda *args, **options: None
    stand_in.disable = lambda function, *args, **options: function
    stand_in.__getattr__ = the_real_one
    sys.modules[_COMPILER] = stand_in
    try:
        yield
    finally:
        if sys.modules.get(_COMPILER) is stand_in:
            del sys.modules[_COMPILER]
