"""Opening an audformat database without executing anything that its files hold.

audformat itself prefers a table's pickle, which runs whatever a stranger wrote into it, and reads the
header with a YAML loader that makes any Python object. Here pickles are passed over (``audb`` leaves them
beside the tables of many databases), and a header with such objects is refused.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from nkululeko.core.errors import NkululekoError


def open_database(root: Path) -> Any:
    """The ``audformat.Database`` in a folder; each table is read when it is first asked for.

    Raises:
        NkululekoError: the header is damaged, or holds Python objects
    """
    import audformat

    header = root / "db.yaml"
    try:
        _check_header(header)
        db = audformat.Database.load(str(root))
    except NkululekoError:
        raise
    except Exception as problem:  # yaml, key and type errors of a damaged header
        reason = str(problem).splitlines()[0] if str(problem) else type(problem).__name__
        raise NkululekoError(f"no readable audformat database ({reason})", str(root.absolute())) from None
    for name in [*db.tables, *db.misc_tables]:
        # audformat calls it with the path, without its ending, when the table is first used
        db[name].load = partial(_load_table, db[name])
    return db


def _check_header(header: Path) -> None:
    """An error where the header has YAML tags that make Python objects; tags begin with an exclamation mark."""
    import yaml  # type: ignore[import-untyped]

    text = header.read_text(encoding="utf-8")
    if "!" in text:
        try:
            yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        except yaml.constructor.ConstructorError as problem:
            raise NkululekoError(
                f"holds Python objects, which are never made from a file ({problem.problem})",
                str(header.absolute()),
                "replace them by plain values, if you trust the file",
            ) from None


def _load_table(table: Any, path: str) -> None:
    """What ``Table.load`` of audformat does, but for its pickle.

    Raises:
        NkululekoError: there is no file of the table but a pickle, or it is damaged
    """
    parquet, csv, pickle = (Path(f"{path}.{kind}") for kind in ("parquet", "csv", "pkl"))
    try:
        if parquet.exists():
            table._load_parquet(str(parquet))
        elif csv.exists():
            table._load_csv(str(csv))
        elif pickle.exists():
            raise NkululekoError(
                "a pickle is never loaded, as it may run any code",
                str(pickle),
                "if you trust it, save it anew: audformat.Database.load(...).save(..., storage_format='parquet')",
            )
        else:
            raise NkululekoError(
                "there is no such table file", str(parquet), "check that the database is complete"
            )
    except NkululekoError:
        raise
    except Exception as problem:  # pandas and pyarrow raise many kinds for a damaged table
        reason = str(problem).splitlines()[0] if str(problem) else type(problem).__name__
        found = parquet if parquet.exists() else csv
        raise NkululekoError(f"the table cannot be read ({reason})", str(found)) from None
