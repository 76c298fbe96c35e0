"""Writing and reading a fine-tuned network: a checkpoint as others have it, and its head beside it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nkululeko.learning._persist import bad_file, load_json, save_json
from nkululeko.learning.finetuning.module import Head, build
from nkululeko.learning.nets.goal import Goal
from nkululeko.learning.nets.saving import goal_from
from nkululeko.pretrained.checkpoint import Asker, open_checkpoint
from nkululeko.pretrained.network import KINDS, Network, read_network

#: changes when older files can no longer be read
FORMAT = 1


@dataclass(frozen=True)
class Tuned:
    """A fine-tuned network.

    Args:
        module: network and head
        network: the network in it
        head: what the head looks like
        goal: what the outputs mean
    """

    module: Any
    network: Network
    head: Head
    goal: Goal


def save(tuned: Tuned, folder: Path) -> None:
    """Write ``network/`` (a checkpoint in the format of Hugging Face), ``head.safetensors`` and ``head.json``."""
    from safetensors.torch import save_file

    place = folder / "network"
    whole = tuned.network.model
    whole.save_pretrained(place)
    tuned.network.preparation.save_pretrained(place)
    weights = {
        name: value.detach().cpu().contiguous() for name, value in tuned.module.top.state_dict().items()
    }
    save_file(weights, folder / "head.safetensors")
    save_json(
        folder / "head.json", {"format": FORMAT, "head": asdict(tuned.head), "goal": asdict(tuned.goal)}
    )


def restore(folder: Path, device: str, precision: str, asker: Asker) -> Tuned:
    """Read what :func:`save` wrote.

    Raises:
        NkululekoError: a file is missing, broken, or does not fit the others
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    about, weights = folder / "head.json", folder / "head.safetensors"
    described = load_json(about)
    if described.get("format") != FORMAT:
        raise bad_file(about, f"has format {described.get('format')}, this version reads {FORMAT}")
    network = read_network(
        open_checkpoint(str(folder / "network"), tuple(KINDS), asker, {}), device, precision, asker
    )
    try:
        shape = described["head"]
        head = Head(**{**shape, "layers": tuple(shape["layers"]), "pooling": tuple(shape["pooling"])})
        goal = goal_from(described["goal"])
        if head.outputs != goal.outputs:
            raise ValueError("other outputs than classes")
        module: Any = build(network, head)
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise bad_file(about, f"is not complete or not of ours ({type(error).__name__}: {error})") from error
    try:
        module.top.load_state_dict(load_file(weights))
    except FileNotFoundError as error:
        raise bad_file(weights, "the file is missing") from error
    except (SafetensorError, RuntimeError, OSError, ValueError, KeyError) as error:
        raise bad_file(weights, f"does not hold what {about.name} describes") from error
    return Tuned(module.eval().to(device), network, head, goal)
