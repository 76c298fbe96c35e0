"""A folder is a registry: one file is one plug-in, and its file name is its name in the INI file.

Looking a name up imports that one file only. Packages from outside register through the entry-point
group of the family, e.g. ``nkululeko.features``.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import inspect
import re
from abc import ABC
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, ClassVar, Generic, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from nkululeko.core.errors import NkululekoError, did_you_mean


def _device(name: str) -> str:
    if not re.fullmatch(r"auto|cpu|cuda(:\d+)?", name):
        raise ValueError("expected cpu, cuda, cuda:0 ... or auto")
    return name


#: where a network is computed
Device = Annotated[str, AfterValidator(_device)]


class Options(BaseModel):
    """The INI options of a plug-in or a section: typed, frozen, unknown names are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


def option(
    default: Any,
    help: str,
    *,
    also: tuple[str, ...] = (),
    is_path: bool | Literal["or name"] = False,
    ini: str | None = None,
    general: bool = False,
    **limits: Any,
) -> Any:
    """Declare one INI option: its default, one line of help, other spellings, pydantic's limits (ge, le ...).

    Args:
        default: its default
        help: one line
        also: other spellings
        is_path: a path, or several, made absolute when the file is read: from the folder of the call, else from that of
            the file; ``or name``: where nothing is there it may be a name, e.g. on a model hub, and is left as it is
        ini: its name in the file where Python cannot have it; ``*`` in it stands for any text (``*_bins``), and the
            field is then a dictionary from that text to the value
        general: of a database: may also stand without its name, for all databases
        limits: pydantic's ``gt``, ``le`` ...

    Example:
        >>> class SvmOptions(Options):
        ...     C_val: float = option(1.0, "regularisation", gt=0)
        >>> SvmOptions().C_val
        1.0
    """
    return Field(
        default,
        description=help,
        json_schema_extra={"also": list(also), "is_path": is_path, "ini": ini, "general": general},
        **limits,
    )


class Plugin(ABC):  # noqa: B024 - the families add the abstract methods
    """Base of everything that an INI file can name. Heavy imports stand inside methods, not at the top."""

    Options: ClassVar[type[Options]] = Options
    #: other names under which the INI file may ask for it
    also: ClassVar[tuple[str, ...]] = ()
    #: one line for the reference page
    summary: ClassVar[str] = ""
    #: options with which ``nkululeko auto`` tries it unasked, likely ones first; empty: only where it is named
    tried: ClassVar[tuple[Mapping[str, Any], ...]] = ()
    #: licence the user must be told of, empty if there is nothing to tell
    licence: ClassVar[str] = ""
    #: the name of a plug-in from outside, that of its entry point
    _registered: ClassVar[str] = ""

    def __init__(self, options: Any = None) -> None:
        self.options: Any = options if options is not None else self.Options()

    @classmethod
    def meant_by(cls, spelling: str) -> Mapping[str, Any]:
        """The options that go with another spelling of its name, where they are not given: ``hubert-base-ls960``."""
        return {}

    @classmethod
    def plugin_name(cls) -> str:
        """The plug-in's name: that of its file (a trailing underscore, for Python's keywords, is dropped)."""
        return cls._registered or cls.__module__.rsplit(".", 1)[-1].rstrip("_")


P = TypeVar("P", bound=Plugin)


@cache
def _all_entry_points() -> Any:
    """Reading every installed package's entry points costs 20 ms: once is enough."""
    return importlib.metadata.entry_points()


class Family(Generic[P]):
    """The plug-ins of one kind: the files of a package plus an entry-point group of the same name.

    Args:
        package: the package whose files are the plug-ins, e.g. ``"nkululeko.features"``
        base: the abstract class that each of them defines one subclass of
        noun: how messages call one of them, e.g. ``"feature set"``
    """

    def __init__(self, package: str, base: type[P], noun: str) -> None:
        self.package, self.base, self.noun = package, base, noun
        self.load = cache(self._load)
        self.names = cache(self._names)

    def _names(self) -> list[str]:
        """All names, sorted; nothing is imported but the folder's own package."""
        return sorted(self._own_names() | {point.name for point in self._entry_points()})

    def _own_names(self) -> set[str]:
        folders = importlib.import_module(self.package).__path__
        files = [file.stem for folder in folders for file in Path(folder).glob("*.py")]
        return {stem.rstrip("_") for stem in files if not stem.startswith("_")}

    def _entry_points(self) -> list[importlib.metadata.EntryPoint]:
        return list(_all_entry_points().select(group=self.package))

    def has(self, name: str) -> bool:
        """Whether a plug-in of that name, or of that other spelling, exists."""
        return name in self.names() or self._alias(name) is not None

    def _alias(self, name: str) -> str | None:
        return next((known for known in self.names() if name in self._spellings(known)), None)

    def _spellings(self, name: str) -> tuple[str, ...]:
        try:
            return self.load(name).also
        except NkululekoError:  # a package from outside that cannot be imported hinders only itself
            return ()

    def _load(self, name: str) -> type[P]:
        """The plug-in's class; imports its one file.

        Raises:
            NkululekoError: no such plug-in, with the nearest names
        """
        if name not in self.names():
            alias = self._alias(name)
            if alias is None:
                raise NkululekoError(f"unknown {self.noun} '{name}'", todo=did_you_mean(name, self.names()))
            return self.load(alias)
        if name not in self._own_names():  # ours go first: nobody may take the place of 'os' by its name
            return self._from_outside(next(point for point in self._entry_points() if point.name == name))
        stem = name if self._module_exists(name) else f"{name}_"
        module = importlib.import_module(f"{self.package}.{stem}")
        classes = [
            member
            for _, member in inspect.getmembers(module, inspect.isclass)
            if issubclass(member, self.base) and member.__module__ == module.__name__
        ]
        if len(classes) != 1:
            raise TypeError(
                f"{module.__name__} must define exactly one {self.base.__name__}, not {len(classes)}"
            )
        return classes[0]

    def _from_outside(self, point: importlib.metadata.EntryPoint) -> type[P]:
        """The class that an entry point names; it goes by the entry point's name."""
        where = (
            f"{self.noun} '{point.name}' (package {point.dist.name if point.dist else '?'}, {point.value})"
        )
        try:
            plugin = point.load()
        except Exception as problem:  # whatever the other package does while it is imported
            reason = f"cannot be imported ({type(problem).__name__}: {problem})"
            raise NkululekoError(reason, where, "mend or remove the package") from problem
        if not (inspect.isclass(plugin) and issubclass(plugin, self.base)):
            raise NkululekoError(f"is no {self.base.__name__}", where, "mend or remove the package")
        plugin._registered = point.name
        return plugin

    def _module_exists(self, stem: str) -> bool:
        folders = importlib.import_module(self.package).__path__
        return any((Path(folder) / f"{stem}.py").exists() for folder in folders)
