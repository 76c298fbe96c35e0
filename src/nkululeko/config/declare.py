"""How options are declared: sections, their options, and what is known of each beside its type.

An option is a pydantic field; ``json_schema_extra`` says what pydantic does not know: other spellings,
which plug-ins it is for, whether this version has it.
"""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass, field
from functools import cache
from typing import Any, ClassVar

from pydantic import ConfigDict, Field
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from nkululeko.core.plugin import Options
from nkululeko.core.plugin import option as plain_option


class Section(Options):
    """One section of the experiment file: its options, and the families whose plug-ins add theirs."""

    model_config = ConfigDict(allow_inf_nan=False)

    #: the name in the INI file
    ini_section: ClassVar[str] = ""
    #: keys of the families (see :mod:`nkululeko.config.names`) whose options stand in this section
    ini_families: ClassVar[tuple[str, ...]] = ()
    #: family and name of single plug-ins whose options may stand here too
    ini_plugins: ClassVar[tuple[tuple[str, str], ...]] = ()


@dataclass(frozen=True)
class Choice:
    """A plug-in that was chosen, with its options.

    Args:
        name: the plug-in's own name, whatever spelling the file has
        options: an instance of the plug-in's ``Options``
    """

    name: str
    options: Options = field(default_factory=Options)


def option(
    default: Any,
    help: str,
    *,
    ini: str | None = None,
    also: tuple[str, ...] = (),
    names: str = "",
    needs: str = "",
    star: str = "",
    planned: bool = False,
    only: tuple[Any, ...] = (),
    ignored: str = "",
    is_path: bool = False,
    **limits: Any,
) -> Any:
    """Declare one option of a section.

    Args:
        default: its default; never counts as set
        help: one line
        ini: its name in the file where Python cannot have it; ``*`` stands for any text (``*.features``), the
            field is then a dictionary from that text to the value
        also: other spellings
        names: key of the family that its values name, e.g. ``"models"``
        needs: it has an effect with these plug-ins only, e.g. ``"models: svm svr"``
        star: key of the family that the text in the place of ``*`` names
        planned: this version knows the default only
        only: with ``planned``: the other values that this version knows
        ignored: why it is accepted and has no effect
        is_path: a path, resolved against the folder of the call and that of the file
        limits: pydantic's ``gt``, ``le`` ...
    """
    info: FieldInfo = plain_option(default, help, also=also, is_path=is_path, ini=ini, **limits)
    assert isinstance(info.json_schema_extra, dict)
    family, _, owners = needs.partition(":")
    extra: dict[str, Any] = {
        "names": names,
        "needs": [family, owners.split()] if needs else None,
        "star": star,
        "planned": planned,
        "only": list(only),
        "ignored": ignored,
    }
    info.json_schema_extra.update({key: value for key, value in extra.items() if value or key == "ini"})
    return info


def resolved(default: Any) -> Any:
    """Declare a field that is no option: filled in when the whole file is known."""
    return Field(default, json_schema_extra={"resolved": True})


@dataclass(frozen=True)
class Declared:
    """What is known of one option; see :func:`option`."""

    field: str
    info: FieldInfo
    ini: str
    also: tuple[str, ...] = ()
    names: str = ""
    family: str = ""
    owners: tuple[str, ...] = ()
    star: str = ""
    planned: bool = False
    only: tuple[Any, ...] = ()
    ignored: str = ""
    is_path: bool | str = False
    general: bool = False

    @property
    def is_pattern(self) -> bool:
        """Whether the name holds a ``*``."""
        return "*" in self.ini

    @property
    def default(self) -> Any:
        """Its default value; None if it has none."""
        default = self.info.get_default(call_default_factory=True, validated_data={})
        return None if default is PydanticUndefined else default

    @property
    def help(self) -> str:
        """The line of help."""
        return self.info.description or ""

    def match(self, name: str) -> str | None:
        """The text that stands for ``*`` in a name; empty for a plain spelling; None: another option."""
        if name == self.ini or name in self.also:
            return "" if not self.is_pattern else None
        if self.is_pattern:
            found = re.fullmatch(re.escape(self.ini).replace(r"\*", "(.+)"), name)
            return found[1] if found else None
        return None


@cache
def declared(model: type[Options]) -> dict[str, Declared]:
    """The options of a section or of a plug-in, by the name of their field; inherited ones come last."""
    options = {}
    own = inspect.get_annotations(model)
    for name, info in sorted(model.model_fields.items(), key=lambda item: item[0] not in own):
        extra: dict[str, Any] = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
        if extra.get("resolved"):
            continue
        family, owners = extra.get("needs") or ("", ())
        known = {
            key: extra[key]
            for key in ("names", "star", "planned", "ignored", "is_path", "general")
            if key in extra
        }
        ini = extra.get("ini")
        options[name] = Declared(
            name,
            info,
            name.rstrip("_") if ini is None else ini,
            tuple(extra.get("also", ())),
            family=family,
            owners=tuple(owners),
            only=tuple(extra.get("only", ())),
            **known,
        )
    return options


def find(model: type[Options], name: str) -> tuple[Declared, str] | None:
    """The option of that name or spelling, and what stands for its ``*``; plain names before patterns.

    Example:
        >>> class Feats(Section):
        ...     type: str = option("os", "feature set")
        ...     features_of: dict[str, str] = option({}, "columns", ini="*.features")
        >>> found, star = find(Feats, "os.features")
        >>> found.field, star
        ('features_of', 'os')
    """
    for known in sorted(declared(model).values(), key=lambda known: known.is_pattern):
        star = known.match(name)
        if star is not None:
            return known, star
    return None


def spellings(model: type[Options]) -> list[str]:
    """Every plain name that an option of the model may be written with."""
    known = [option for option in declared(model).values() if not option.is_pattern]
    return [name for option in known for name in (option.ini, *option.also) if name]
