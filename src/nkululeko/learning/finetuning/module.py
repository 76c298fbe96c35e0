"""A pretrained network with a head for our target on top, as one PyTorch module."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from nkululeko.core.errors import NkululekoError, missing_package
from nkululeko.pretrained.network import Network, Piece

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module, Parameter

#: names of the layers that LoRA stands beside: what asks and what answers in attention (Hu et al. 2021)
_BESIDE = ("q_proj", "v_proj", "query", "value")


@dataclass(frozen=True)
class Head:
    """What stands on the network.

    Args:
        width: of the network's frames
        outputs: classes, or 1 for a number
        layers: sizes of the hidden layers
        pooling: how frames become one vector
        drop: dropout, 0..1
    """

    width: int
    outputs: int
    layers: tuple[int, ...] = (256,)
    pooling: tuple[str, ...] = ("mean",)
    drop: float = 0.1


def build(network: Network, head: Head) -> Module:
    """The module; its ``forward(pieces)`` gives outputs of shape ``(pieces, outputs)``, whatever the filling.

    Args:
        network: becomes part of it, and is trained in place
        head: what stands on it
    """
    from torch import nn

    class Tuned(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = network.model
            self.top = build_head(head)

        def forward(self, pieces: Sequence[Piece], labels: Any = None) -> Tensor:
            config, frames = network.config, min(piece.frames for piece in pieces)
            # what is hidden from the network in training must be shorter than what it hears
            if getattr(config, "mask_time_length", None):
                config.apply_spec_augment = self.training and frames > config.mask_time_length
            hidden, valid = network.hidden(pieces, (0,))
            return self.top(hidden.float(), valid)

    return Tuned()


def build_head(head: Head) -> Module:
    """Pooling and layers; ``forward(hidden, valid)`` takes frames ``(batch, frames, width)``; which are sound."""
    import torch
    from torch import nn

    class Top(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            sizes = (head.width * len(head.pooling), *head.layers)
            layers: list[Module] = []
            for before, after in pairwise(sizes):
                layers += [nn.Dropout(head.drop), nn.Linear(before, after), nn.Tanh()]
            self.layers = nn.Sequential(*layers, nn.Dropout(head.drop), nn.Linear(sizes[-1], head.outputs))
            self.attention = nn.Linear(head.width, 1) if "attention" in head.pooling else None

        def forward(self, hidden: Tensor, valid: Tensor) -> Tensor:
            return self.layers(torch.cat([self.pooled(how, hidden, valid) for how in head.pooling], 1))

        def pooled(self, how: str, hidden: Tensor, valid: Tensor) -> Tensor:
            mask = valid.unsqueeze(2)
            if how == "max":
                return hidden.masked_fill(~mask, float("-inf")).amax(1)
            if how == "attention":
                assert self.attention is not None
                return (self.attention(hidden).masked_fill(~mask, float("-inf")).softmax(1) * hidden).sum(1)
            count = mask.sum(1)
            mean = (hidden * mask).sum(1) / count
            if how == "mean":
                return mean
            # a root has no slope at 0
            return (((hidden - mean.unsqueeze(1)) ** 2 * mask).sum(1) / count + 1e-7).sqrt()

    return Top()


def freeze(network: Network, layers: int) -> None:
    """Keep the convolutions, and so many transformer layers from the input, as they are.

    Raises:
        NkululekoError: there are fewer layers
    """
    blocks = transformer_layers(network.model)
    if layers > len(blocks):
        what = f"there are {len(blocks)} layers in the network, not {layers}"
        raise NkululekoError(what, "MODEL.freeze_layers", f"expected 0 to {len(blocks)}")
    for parameter in network.model.parameters():
        parameter.requires_grad = False
    for block in blocks[layers:]:
        _train(block.parameters())
    # norms behind the layers, which follow what these do
    for name, child in network.model.named_modules():
        if (
            name.rpartition(".")[2] in ("layer_norm", "layernorm")
            and name.count(".") <= 1
            and layers < len(blocks)
        ):
            _train(child.parameters())


def transformer_layers(model: Module) -> list[Module]:
    """The blocks of a transformer, from the input to the output: the longest list of modules of one class."""
    from torch import nn

    lists = [child for child in model.modules() if isinstance(child, nn.ModuleList)]
    same = [
        each
        for each in lists
        if len({type(block) for block in each}) == 1 and "Conv" not in type(each[0]).__name__
    ]
    _, longest = max(((len(blocks), blocks) for blocks in same), key=itemgetter(0))
    return list(longest)


def _train(parameters: Any) -> None:
    for parameter in parameters:
        parameter.requires_grad = True


def add_lora(network: Network, rank: int, frozen: int) -> None:
    """Small trainable matrices beside those of attention; the network's own numbers stay as they are.

    Args:
        network: changed in place
        rank: of the matrices
        frozen: layers from the input that get none

    Raises:
        NkululekoError: peft is missing
    """
    try:
        import peft
    except ImportError as problem:
        raise missing_package("peft", "finetune", "MODEL.lora = True") from problem
    blocks = {id(block) for block in transformer_layers(network.model)[frozen:]}
    names = [
        f"{name}.{inner}"
        for name, block in network.model.named_modules()
        if id(block) in blocks
        for inner, _ in block.named_modules()
        if inner.rpartition(".")[2] in _BESIDE
    ]
    config = peft.LoraConfig(r=rank, lora_alpha=2 * rank, lora_dropout=0.0, target_modules=names)
    network.model = peft.get_peft_model(network.model, config)


def merge_lora(network: Network, module: Any) -> None:
    """Add what the small matrices have learned to the network's own: a plain network is left."""
    network.model = network.model.merge_and_unload()
    module.network = network.model


def trained_share(module: Module) -> tuple[int, int]:
    """How many numbers are trained, and how many there are."""

    def size(parameters: Sequence[Parameter]) -> int:
        return sum(parameter.numel() for parameter in parameters)

    every = list(module.parameters())
    return size([parameter for parameter in every if parameter.requires_grad]), size(every)
