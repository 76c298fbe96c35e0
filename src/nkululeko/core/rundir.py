"""The run's folder: the only place that knows where results lie. Every file is written atomically."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
from pathlib import Path

from nkululeko.core.errors import NkululekoError

#: what the doors wrote that share the folder: for each of them a file of its own
_MANIFESTS = (".written.json", ".written_explore.json")


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file as a whole or not at all: to a temporary neighbour first, then renamed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        umask = os.umask(0)
        os.umask(umask)
        Path(temporary).chmod(0o666 & ~umask)
        Path(temporary).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(temporary).unlink()
        raise


class RunDir:
    """``root/name/`` of one experiment.

    It remembers what a run wrote, so that the next run under the same name leaves nothing stale behind
    and touches nothing that somebody else put there.

    Args:
        root: where results go
        name: the experiment's name
        images: folder of plots below it
        models: folder of models below it
        results: folder of tables below it
        door: ``explore``, which shares the folder with a run and must leave it what it wrote; else empty
    """

    def __init__(
        self, root: Path, name: str, *, images: str = "images", models: str = "models", results: str = "",
        door: str = "",
    ) -> None:  # fmt: skip
        self.folder = Path(root).absolute() / name
        self._manifest = f".written_{door}.json" if door else ".written.json"
        self._images, self._models, self._results = images, models, results
        self._written: set[str] = set()
        #: folders that others write into, such as that of models, with what stood there before this run
        self._foreign: dict[Path, set[Path]] = {}
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as problem:
            raise NkululekoError(
                f"cannot write results there ({problem.strerror})", str(self.folder), "change EXP.root"
            ) from None

    def path(self, name: str) -> Path:
        """Where a file of that name lies."""
        return self.folder / name

    def write(self, name: str, content: str | bytes) -> Path:
        """Write a file of the run.

        Raises:
            NkululekoError: it cannot be written, e.g. the disk is full
        """
        path = self.path(name)
        try:
            write_atomically(path, content.encode() if isinstance(content, str) else content)
        except OSError as problem:
            raise NkululekoError(
                f"cannot be written ({problem.strerror})", str(path), "change EXP.root"
            ) from None
        self._written.add(path.relative_to(self.folder).as_posix())
        return path

    def write_image(self, name: str, content: bytes) -> Path:
        """Write a plot."""
        return self.write(f"{self._images}/{name}", content)

    def write_table(self, name: str, content: str) -> Path:
        """Write a table."""
        return self.write(f"{self._results}/{name}" if self._results else name, content)

    def model_folder(self) -> Path:
        """An empty folder for the model's files; what an earlier run left in it is gone."""
        return self.emptied(self._models)

    def remove(self, name: str) -> None:
        """Remove a folder of the run with all that is in it, such as what an ended training no longer needs."""
        shutil.rmtree(self.folder / name, ignore_errors=True)

    def emptied(self, name: str) -> Path:
        """A folder that others write into, without what they wrote in an earlier run that ended."""
        folder = self.folder / name
        folder.mkdir(parents=True, exist_ok=True)
        for name in self._previous():
            path = self.folder / name
            if folder in path.parents:
                _remove(path)
        self._foreign[folder] = set(folder.rglob("*"))
        return folder

    def finish(self) -> None:
        """Remove what the last run wrote and this one did not, and remember what there is now."""
        for folder, foreign in self._foreign.items():
            self._written |= {
                path.relative_to(self.folder).as_posix()
                for path in folder.rglob("*")
                if path.is_file() and path not in foreign
            }
        kept = self._written.union(*(self._listed(other) for other in _MANIFESTS if other != self._manifest))
        for name in self._previous() - kept:
            path = self.folder / name
            _remove(path)
            with contextlib.suppress(OSError):
                path.parent.rmdir()
        write_atomically(self.path(self._manifest), json.dumps(sorted(self._written), indent=0).encode())

    def _previous(self) -> set[str]:
        """What the last run wrote, as far as it lies inside the folder."""
        return self._listed(self._manifest)

    def _listed(self, manifest: str) -> set[str]:
        try:
            names = json.loads(self.path(manifest).read_text())
        except (OSError, ValueError):
            return set()
        if not isinstance(names, list):
            return set()
        inside = self.folder.resolve()
        return {
            name
            for name in names
            if isinstance(name, str) and "\0" not in name and inside in (self.folder / name).resolve().parents
        }


def _remove(path: Path) -> None:
    """Remove a file, or a link to one; folders stay."""
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)
