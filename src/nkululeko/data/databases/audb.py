"""A database by its ``audb`` name (https://audeering.github.io/audb): fetched once, then from audb's cache."""

from __future__ import annotations

import logging
from typing import Any, Literal

from nkululeko.core.errors import NkululekoError, did_you_mean, missing_package
from nkululeko.core.families import Database, Loaded, Request
from nkululeko.core.plugin import Options as BaseOptions
from nkululeko.core.plugin import option

_log = logging.getLogger("nkululeko")


class AudbOptions(BaseOptions):
    """Which version and tables of the database, and how its audio is kept."""

    version: str | None = option(None, "version of the database; the latest if not given")
    sampling_rate: Literal[8000, 16000, 22050, 24000, 44100, 48000] | None = option(
        None, "keep the audio at this rate in Hz; its own if not given"
    )
    mixdown: bool = option(False, "keep the audio mixed down to mono")
    format: Literal["wav", "flac"] | None = option(
        None, "keep the audio as wav or flac; as it is if not given"
    )
    num_workers: int = option(4, "how many files are fetched and converted at once", ge=1)
    files_tables: tuple[str, ...] | None = option(None, "tables with file and speaker information")
    target_tables: tuple[str, ...] | None = option(None, "tables with the target")
    target_tables_append: bool = option(False, "several target tables: rows below each other, not columns")
    columns: tuple[str, ...] | None = option(
        None, "load only these columns; where none is the target, it is made of them, a rater each"
    )


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
        from nkululeko.data.audformat_tables import Tables, files_of_rows, to_samples

        chosen = self.options
        tables = Tables(
            chosen.files_tables, chosen.target_tables, chosen.target_tables_append, chosen.columns
        )
        try:
            version = chosen.version or audb.latest_version(request.path)
            header = self._fetch(audb, request.path, version, only_metadata=True, full_path=False)
            files = files_of_rows(header, request, tables)  # only their audio is fetched
            _log.info(
                "%s: audio of %d files of %s %s, from audb", request.name, len(files), request.path, version
            )
            flavour = {
                "sampling_rate": chosen.sampling_rate,
                "mixdown": chosen.mixdown,
                "format": chosen.format,
            }
            media = files if len(files) < len(header.files) else None
            db = self._fetch(audb, request.path, version, media=media, **flavour)
        except NkululekoError:
            raise
        except Exception as problem:  # audb raises RuntimeError, ConnectionError and others
            reason = str(problem).splitlines()[0] if str(problem) else type(problem).__name__
            hint = _nearest(audb, request.path, chosen.version)
            raise NkululekoError(
                f"audb cannot load '{request.path}' ({reason})",
                request.name,
                "check the name and audb's repositories" + (f"; {hint}" if hint else ""),
            ) from None
        return to_samples(db, db.meta["audb"]["root"], request, tables)

    def _fetch(self, audb: Any, name: str, version: str, **what: Any) -> Any:
        """Silent, and without leaving pickles in audb's cache."""
        workers = self.options.num_workers
        return audb.load(
            name, version=version, num_workers=workers, pickle_tables=False, verbose=False, **what
        )


def _nearest(audb: Any, name: str, version: str | None) -> str:
    """What may have been meant, as far as the repositories can be asked."""
    try:
        known = list(audb.available(only_latest=True).index)
        if name not in known:
            return did_you_mean(name, known)
        versions = audb.versions(name)
    except Exception:  # no network: the first error says so
        return ""
    return did_you_mean(version, versions) if version and version not in versions else ""
