"""The labels of a model whose library knows its classes by number only: they stand beside the model's file."""

from __future__ import annotations

from pathlib import Path

from nkululeko.learning._persist import bad_file, load_json, save_json

FILE = "classes.json"


def save_classes(folder: Path, classes: list[str]) -> None:
    """Write the labels, in the order of the library's numbers."""
    save_json(folder / FILE, {"classes": classes})


def load_classes(folder: Path, known: int) -> list[str]:
    """Read the labels.

    Args:
        folder: where :func:`save_classes` wrote them
        known: how many classes the model's own file has

    Raises:
        NkululekoError: the file is missing, broken or of another model
    """
    path = folder / FILE
    classes = load_json(path).get("classes")
    if not isinstance(classes, list) or not all(isinstance(label, str) for label in classes):
        raise bad_file(path, "not a list of labels")
    if len(classes) != known:
        raise bad_file(path, f"{len(classes)} labels for a model of {known} classes")
    return classes
