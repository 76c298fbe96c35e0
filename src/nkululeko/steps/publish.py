"""Publishing a fine-tuned model on the Hugging Face hub; whatever goes wrong there, the model is safe on disk."""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Iterator
from pathlib import Path

from nkululeko.report.model_card import model_card

_log = logging.getLogger("nkululeko")
#: the file that a repository shows first
CARD = "README.md"


def publish(name: str, models: Path, result: Path) -> str | None:
    """Put a model into a private repository of the user's own; says in one line what became of it.

    Args:
        name: of the experiment, and of the repository
        models: folder of the trained model
        result: the run's ``result.json``, from which the model card is made

    Returns:
        address of the repository; None: it could not be published, which the log says
    """
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    import huggingface_hub as hub

    repository = repository_name(name)
    later = f"publish it later with: hf upload {repository} {models}"
    if hub.get_token() is None:
        _log.warning(
            "the model was not published: nobody is logged in at the hub (hf auth login); it is safe in %s; %s",
            models, later,
        )  # fmt: skip
        return None
    card = model_card(json.loads(result.read_text(encoding="utf-8")))
    try:
        api = hub.HfApi()
        made = api.create_repo(repository, private=True, exist_ok=True)
        parts = [hub.CommitOperationAdd(CARD, card.encode())]
        parts += [hub.CommitOperationAdd(place, str(path)) for place, path in files_of(models)]
        api.create_commit(made.repo_id, parts, commit_message="a model fine-tuned with nkululeko")
    except Exception as problem:  # no network, a wrong token, a full account: many kinds of many libraries
        reason = " ".join(str(problem).split())[:120]
        _log.warning(
            "the model was not published (%s: %s); it is safe in %s; %s",
            type(problem).__name__, reason, models, later,
        )  # fmt: skip
        return None
    _log.info("published in the private repository %s", made)
    return str(made)


def files_of(models: Path) -> Iterator[tuple[str, Path]]:
    """Where each file of a trained model goes in its repository: the network on top, where others look for it."""
    network = models / "model" / "network"
    for path in sorted(models.rglob("*")):
        if path.is_file():
            inside = path.relative_to(network if network in path.parents else models).as_posix()
            yield inside if network in path.parents else f"nkululeko/{inside}", path


def repository_name(name: str) -> str:
    """A name that the hub accepts.

    Example:
        >>> repository_name("Gefühle 2 (neu)")
        'Gef-hle-2-neu'
    """
    return re.sub(r"[-.]{2,}", "-", re.sub(r"[^A-Za-z0-9._-]+", "-", name)).strip("-.")[:96] or "model"
