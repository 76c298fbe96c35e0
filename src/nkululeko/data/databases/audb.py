"""A database by its ``audb`` name (https://audeering.github.io/audb): fetched once, then from audb's cache."""

from __future__ import annotations

from nkululeko.core.errors import NkululekoError, missing_package
from nkululeko.core.families import Database, Loaded, Request
from nkululeko.core.plugin import Options as BaseOptions
from nkululeko.core.plugin import option


class AudbOptions(BaseOptions):
    """Which version and tables of the database."""

    version: str | None = option(None, "version of the database; the latest if not given")
    files_tables: tuple[str, ...] | None = option(None, "tables with file and speaker information")
    target_tables: tuple[str, ...] | None = option(None, "tables with the target")
    target_tables_append: bool = option(False, "several target tables: rows below each other, not columns")
    columns: tuple[str, ...] | None = option(None, "load only these columns")


class Audb(Database):
    """``NAME = emodb`` with ``NAME.type = audb``; the repositories are those of audb's own configuration."""

    Options = AudbOptions
    summary = "a database by its audb name (and version)"

    def load(self, request: Request) -> Loaded:
        """See :class:`Database`."""
        try:
            import audb
        except ImportError:
            raise missing_package("audb", "audb", f"{request.name}.type = audb") from None
        from nkululeko.data.audformat_tables import Tables, to_samples

        try:
            version = self.options.version or audb.latest_version(request.path)
            db = audb.load(request.path, version=version, verbose=False)
        except Exception as problem:  # audb raises RuntimeError, ConnectionError and others
            reason = str(problem).splitlines()[0] if str(problem) else type(problem).__name__
            raise NkululekoError(
                f"audb cannot load '{request.path}' ({reason})",
                request.name,
                "check the name and audb's repositories",
            ) from None
        chosen = self.options
        return to_samples(
            db,
            db.meta["audb"]["root"],
            request,
            Tables(chosen.files_tables, chosen.target_tables, chosen.target_tables_append, chosen.columns),
        )
