"""A folder in audformat (https://audeering.github.io/audformat): header ``db.yaml`` and tables."""

from __future__ import annotations

from pathlib import Path

from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import Database, Loaded, Request
from nkululeko.core.plugin import Options as BaseOptions
from nkululeko.core.plugin import option


class AudformatOptions(BaseOptions):
    """Which tables of the database."""

    files_tables: tuple[str, ...] | None = option(None, "tables with file and speaker information")
    target_tables: tuple[str, ...] | None = option(None, "tables with the target")
    target_tables_append: bool = option(False, "several target tables: rows below each other, not columns")
    columns: tuple[str, ...] | None = option(
        None, "load only these columns; where none is the target, it is made of them, a rater each"
    )


class Audformat(Database):
    """Tables are joined on the files; labels of schemes (a speaker's age, gender ...) become columns."""

    Options = AudformatOptions
    summary = "a folder in audformat (db.yaml and tables)"

    def load(self, request: Request) -> Loaded:
        """See :class:`Database`."""
        root = Path(request.path)
        if not root.is_dir():
            hint = (
                f"for a CSV set {request.name}.type = csv"
                if root.is_file()
                else f"check the path of {request.name}"
            )
            raise NkululekoError("no such folder", str(root.absolute()), hint)
        if not (root / "db.yaml").exists():
            tables = sorted(path.name for path in root.glob("*.csv"))
            hint = "check the path"
            if tables:
                hint = f"for a CSV: {request.name} = {root / tables[0]} and {request.name}.type = csv"
            raise NkululekoError(
                "no audformat database there (db.yaml is missing)", str(root.absolute()), hint
            )
        from nkululeko.data.audformat_files import open_database
        from nkululeko.data.audformat_tables import Tables, to_samples

        chosen = self.options
        return to_samples(
            open_database(root),
            str(root.absolute()),
            request,
            Tables(chosen.files_tables, chosen.target_tables, chosen.target_tables_append, chosen.columns),
        )
