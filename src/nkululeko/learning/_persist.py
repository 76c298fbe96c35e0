"""Writing and reading fitted estimators without pickle: nothing from a file is ever executed.

Most estimators are nothing but arrays, numbers and words: these go into ``NAME.npz`` and ``NAME.json``, and
the type is never read from the file. The few that hold trees go through skops, against a fixed list of types.
"""

from __future__ import annotations

import json
import logging
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from nkululeko.core.errors import NkululekoError

logger = logging.getLogger("nkululeko")

T = TypeVar("T")

#: the types beyond skops' own safe ones that our estimators hold; a file that names any other is refused
TRUSTED_TYPES = (
    "sklearn.metrics._dist_metrics.EuclideanDistance64",
    "sklearn.neighbors._kd_tree.KDTree",
    "sklearn.tree._tree.Tree",
)
#: kinds of numpy arrays that need no pickle: bool, int, unsigned, float, text
_PLAIN_KINDS = "biufU"


def bad_file(path: Path, what: str) -> NkululekoError:
    """The error of a file that is not what we write.

    Example:
        >>> print(bad_file(Path("model.npz"), "not a table of arrays"))
        model.npz: not a table of arrays; use only models of people you trust, or train again
    """
    return NkululekoError(what, str(path), "use only models of people you trust, or train again")


def save_arrays(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Write named arrays of numbers or text as ``.npz``, without pickle."""
    objects = [name for name, array in arrays.items() if array.dtype.kind not in _PLAIN_KINDS]
    if objects:
        raise TypeError(f"only arrays of numbers or text can be written, not {', '.join(objects)}")
    with path.open("wb") as file:
        np.savez(file, **dict(arrays))  # type: ignore[arg-type]


def load_arrays(path: Path) -> dict[str, np.ndarray]:
    """Read what :func:`save_arrays` wrote.

    Raises:
        NkululekoError: the file is missing, broken, or holds pickled objects
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}
    except FileNotFoundError as error:
        raise bad_file(path, "the file is missing") from error
    except (ValueError, OSError, EOFError, TypeError, AttributeError, KeyError, zipfile.BadZipFile) as error:
        raise bad_file(path, "not a table of plain arrays") from error


def save_json(path: Path, value: object) -> None:
    """Write plain values as JSON, readable by people."""
    path.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")


def load_json(path: Path) -> dict[str, Any]:
    """Read a JSON object.

    Raises:
        NkululekoError: the file is missing or no JSON object
    """
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise bad_file(path, "the file is missing") from error
    except (ValueError, RecursionError) as error:
        raise bad_file(path, "not a JSON file") from error
    if not isinstance(value, dict):
        raise bad_file(path, "not a JSON object")
    return value


def save_estimator(estimator: Any, folder: Path, name: str = "model") -> None:
    """Write a fitted scikit-learn estimator: as plain values where it is made of them, else by skops."""
    state = estimator.__getstate__()
    arrays = {key: np.asarray(value) for key, value in state.items() if _is_array(value)}
    plain = {key: value for key, value in state.items() if key not in arrays}
    for old in (f"{name}.npz", f"{name}.json", f"{name}.skops"):
        (folder / old).unlink(missing_ok=True)
    if all(_is_plain(value) for value in plain.values()):
        save_arrays(folder / f"{name}.npz", arrays)
        save_json(folder / f"{name}.json", {key: _encoded(value) for key, value in plain.items()})
    else:
        import skops.io  # 0.45 s, as it imports the whole of scikit-learn: only where it is needed

        skops.io.dump(estimator, folder / f"{name}.skops")


def load_estimator(empty: T, folder: Path, name: str = "model") -> T:
    """Read a fitted estimator.

    Args:
        empty: an unfitted estimator of the expected type; the file has no say in it
        folder: where :func:`save_estimator` wrote it
        name: stem of the files

    Raises:
        NkululekoError: a file is missing, broken, or holds a type that is not on our list
    """
    packed = folder / f"{name}.skops"
    if packed.exists():
        return _load_skops(packed, type(empty))
    arrays = load_arrays(folder / f"{name}.npz")
    # a number of numpy's own was written as an array without dimensions
    state: dict[str, Any] = {key: value if value.shape else value[()] for key, value in arrays.items()}
    state |= {key: _decoded(value) for key, value in load_json(folder / f"{name}.json").items()}
    _warn_of_version(folder, state.pop("_sklearn_version", None))
    empty.__dict__.update(state)
    return empty


def _load_skops(path: Path, expected: type[T]) -> T:
    import skops.io

    try:
        unknown = sorted(set(skops.io.get_untrusted_types(file=path)) - set(TRUSTED_TYPES))
        if unknown:
            raise bad_file(
                path, f"refused: the file holds types that no model of ours has: {', '.join(unknown)}"
            )
        estimator = skops.io.load(path, trusted=list(TRUSTED_TYPES))
    except NkululekoError:
        raise
    except Exception as error:  # skops meets a broken file with whatever breaks first
        raise bad_file(path, "not a model file") from error
    if type(estimator) is not expected:
        raise bad_file(path, f"holds a {type(estimator).__name__}, expected a {expected.__name__}")
    return estimator


def _warn_of_version(folder: Path, saved: object) -> None:
    import sklearn

    if saved != sklearn.__version__:
        message = "the model in %s was trained with scikit-learn %s, this is %s: results may differ"
        logger.warning(message, folder, saved, sklearn.__version__)


def _is_array(value: object) -> bool:
    return isinstance(value, np.ndarray | np.generic) and value.dtype.kind in _PLAIN_KINDS


def _is_plain(value: object) -> bool:
    if isinstance(value, list | tuple):
        return all(_is_plain(part) for part in value)
    if isinstance(value, dict):
        return all(isinstance(key, str) and _is_plain(part) for key, part in value.items())
    return value is None or type(value) in (bool, int, float, str) or isinstance(value, np.number)


def _encoded(value: Any) -> Any:
    """JSON has no tuples: they are written as ``{"tuple": [...]}``, dictionaries as ``{"dict": {...}}``."""
    if isinstance(value, tuple):
        return {"tuple": [_encoded(part) for part in value]}
    if isinstance(value, list):
        return [_encoded(part) for part in value]
    if isinstance(value, dict):
        return {"dict": {key: _encoded(part) for key, part in value.items()}}
    if isinstance(value, np.number):
        return value.item()
    return value


def _decoded(value: Any) -> Any:
    if isinstance(value, list):
        return [_decoded(part) for part in value]
    if isinstance(value, dict) and isinstance(value.get("tuple"), list):
        return tuple(_decoded(part) for part in value["tuple"])
    if isinstance(value, dict):
        return {key: _decoded(part) for key, part in value.get("dict", {}).items()}
    return value
