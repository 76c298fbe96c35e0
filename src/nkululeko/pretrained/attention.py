"""How much attention a network pays to each frame: weights for a mean over time that nobody has to train."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import get_ident
from typing import TYPE_CHECKING, Any

from nkululeko.core.errors import NkululekoError

if TYPE_CHECKING:
    from torch import Tensor

#: how transformers calls the part of a layer in which frames look at each other
_NAMES = ("attention", "self_attn")


def last_attention(model: Any) -> Any:
    """The attention of the last layer of a network, which from now on tells its weights.

    Args:
        model: of transformers

    Raises:
        NkululekoError: this architecture has none, or does not tell it
    """
    found = [part for name, part in model.named_modules() if name.rpartition(".")[2] in _NAMES]
    try:
        model.set_attn_implementation("eager")  # quicker ways never have the weights at hand
    except (AttributeError, ValueError):
        found = []
    if not found:
        what = f"networks of type '{model.config.model_type}' do not tell what they pay attention to"
        raise NkululekoError(what, todo="set pooling = mean")
    return found[-1]


@contextmanager
def watching(part: Any | None) -> Iterator[list[Tensor]]:
    """The weights of each pass in the block, shape ``(pieces, heads, queries, keys)``; nothing of no part.

    Only those of one layer are kept: those of all layers would take gigabytes. Other threads' passes do not count.
    """
    seen: list[Tensor] = []
    if part is None:
        yield seen
        return
    mine = get_ident()

    def see(_module: Any, _inputs: Any, output: Any) -> None:
        if get_ident() == mine:
            seen.append(output[1])

    handle = part.register_forward_hook(see)
    try:
        yield seen
    finally:
        handle.remove()


def frame_weights(attention: Tensor, valid: Tensor) -> Tensor:
    """How much attention each frame gets: mean over the heads, and over the frames about sound that pay it.

    Args:
        attention: of a layer, shape ``(pieces, heads, queries, keys)``; tokens before the first frame are left out
        valid: which frames are about sound, shape ``(pieces, frames)``

    Returns:
        shape ``(pieces, frames)``, 0 for what was filled up; each piece's sum is 1
    """
    before = attention.shape[2] - valid.shape[1]
    between = attention.float().mean(1)[:, before:, before:]
    weights = (between * valid.unsqueeze(2)).sum(1) * valid
    return weights / weights.sum(1, keepdim=True)
