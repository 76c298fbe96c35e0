"""A folder is a registry: files, aliases, packages from outside, hints."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import ValidationError

from nkululeko.core import families, plugin
from nkululeko.core.errors import NkululekoError
from nkululeko.core.plugin import Family, Options, Plugin, option

ALL = [
    families.databases, families.splits, families.features, families.models, families.scalers, families.metrics,
    families.plots,
]  # fmt: skip
SOUND = """
from nkululeko.core.plugin import Options, Plugin, option

class SoundOptions(Options):
    pitch: float = option(440.0, "in Hz", gt=0)

class Sound(Plugin):
    Options = SoundOptions
    also = ("tone", "beep")
"""


@pytest.fixture
def rack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Family[Plugin]]:
    """Makes a package whose files are given, and the family of its plug-ins."""
    monkeypatch.syspath_prepend(str(tmp_path))
    count = iter(range(100))

    def make(**files: str) -> Family[Plugin]:
        name = f"rack_{tmp_path.name}_{next(count)}".replace("-", "_")
        folder = tmp_path / name
        folder.mkdir()
        (folder / "__init__.py").touch()
        for stem, text in files.items():
            (folder / f"{stem}.py").write_text(text)
        return Family(name, Plugin, "sound")

    return make


@pytest.fixture
def outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str, str], None]:
    """Installs a package with entry points: its module's name and text, and its entry_points.txt."""

    def install(module: str, text: str, points: str) -> None:
        site = tmp_path / f"site-{module}"
        info = site / f"{module}-1.0.dist-info"
        info.mkdir(parents=True)
        (site / f"{module}.py").write_text(text)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(points)
        monkeypatch.syspath_prepend(str(site))
        plugin._all_entry_points.cache_clear()

    yield install
    plugin._all_entry_points.cache_clear()


def test_files_are_names_and_only_the_asked_one_is_imported(rack: Callable[..., Family[Plugin]]) -> None:
    family = rack(
        sound=SOUND, broken="raise RuntimeError('imported')", _helper="raise RuntimeError('imported')"
    )
    assert family.names() == ["broken", "sound"]
    sound = family.load("sound")
    assert sound.plugin_name() == "sound"
    assert sound().options.pitch == 440
    assert family.load("sound") is sound


def test_a_trailing_underscore_is_for_pythons_keywords_only(rack: Callable[..., Family[Plugin]]) -> None:
    family = rack(import_=SOUND)
    assert family.names() == ["import"]
    assert family.load("import").plugin_name() == "import"
    assert not family.has("import_")


def test_other_spellings(rack: Callable[..., Family[Plugin]]) -> None:
    family = rack(sound=SOUND)
    assert family.load("beep") is family.load("sound")
    assert family.has("tone")
    assert not family.has("tine")


def test_a_typo_gets_a_hint(rack: Callable[..., Family[Plugin]]) -> None:
    with pytest.raises(NkululekoError, match=r"unknown sound 'sond'; did you mean 'sound'\?"):
        rack(sound=SOUND).load("sond")


@pytest.mark.parametrize("name", ["../sound", "sound.py", "", "_helper", "__init__", "os.path"])
def test_a_name_is_no_path(rack: Callable[..., Family[Plugin]], name: str) -> None:
    family = rack(sound=SOUND, _helper=SOUND)
    assert not family.has(name)
    with pytest.raises(NkululekoError, match="unknown sound"):
        family.load(name)


def test_one_file_defines_one_plug_in(rack: Callable[..., Family[Plugin]]) -> None:
    family = rack(
        two=f"{SOUND}\nclass Other(Plugin): pass",
        none="x = 1",
        imports="from nkululeko.core.plugin import Plugin",
    )
    for name in family.names():
        with pytest.raises(TypeError, match="exactly one Plugin"):
            family.load(name)


def test_a_package_from_outside(
    rack: Callable[..., Family[Plugin]], outside: Callable[[str, str, str], None]
) -> None:
    """Its name is that of the entry point, whatever its module is called: stores and workers go by it."""
    family = rack(sound=SOUND)
    outside(
        "noises",
        SOUND.replace('("tone", "beep")', '("hiss",)'),
        f"[{family.package}]\nnoise = noises:Sound\n",
    )
    assert family.names() == ["noise", "sound"]
    noise = family.load("noise")
    assert noise.__module__ == "noises"
    assert noise.plugin_name() == "noise"
    assert family.load("hiss") is noise
    assert family.load("sound").plugin_name() == "sound"


def test_a_package_from_outside_cannot_take_a_name_of_ours(
    rack: Callable[..., Family[Plugin]], outside: Callable[[str, str, str], None]
) -> None:
    family = rack(sound=SOUND)
    outside("thief", SOUND, f"[{family.package}]\nsound = thief:Sound\n")
    assert family.load("sound").__module__ == f"{family.package}.sound"


def test_a_broken_package_from_outside_breaks_nothing_else(
    rack: Callable[..., Family[Plugin]], outside: Callable[[str, str, str], None]
) -> None:
    family = rack(sound=SOUND)
    outside("broken", "import package_that_nobody_has", f"[{family.package}]\nnoise = broken:Sound\n")
    assert family.load("tone") is family.load("sound")
    with pytest.raises(NkululekoError, match=r"unknown sound 'sond'; did you mean 'sound'\?"):
        family.load("sond")
    with pytest.raises(NkululekoError, match=r"sound 'noise'.*broken.*package_that_nobody_has"):
        family.load("noise")


def test_an_entry_point_must_be_of_the_family(
    rack: Callable[..., Family[Plugin]], outside: Callable[[str, str, str], None]
) -> None:
    family = rack(sound=SOUND)
    outside("strange", "Sound = dict", f"[{family.package}]\nnoise = strange:Sound\n")
    with pytest.raises(NkululekoError, match=r"sound 'noise'.*strange"):
        family.load("noise")


def test_options_are_frozen_and_complete() -> None:
    class Knobs(Options):
        volume: float = option(1.0, "how loud", also=("loudness",), ge=0, le=11)

    with pytest.raises(ValidationError):
        Knobs(volume=12)
    with pytest.raises(ValidationError):
        Knobs(volme=1)
    with pytest.raises(ValidationError):
        Knobs().volume = 2
    assert Knobs.model_fields["volume"].description == "how loud"
    extra = Knobs.model_fields["volume"].json_schema_extra
    assert isinstance(extra, dict) and extra["also"] == ["loudness"]


@pytest.mark.parametrize("family", ALL, ids=lambda family: family.noun)
def test_every_plug_in_of_ours_keeps_the_rules(family: Family[Plugin]) -> None:
    spellings: dict[str, str] = {}
    for name in family.names():
        found = family.load(name)
        assert issubclass(found, family.base)
        assert found.plugin_name() == name
        assert found.summary, f"{family.noun} '{name}' has no summary for the reference page"
        assert not found.__abstractmethods__
        for spelling in (name, *found.also):
            assert spelling not in spellings, f"'{spelling}' means {name} and {spellings[spelling]}"
            spellings[spelling] = name
        for field, info in found.Options.model_fields.items():
            assert info.description, f"option {field} of {family.noun} '{name}' has no line of help"


def test_names_are_known_without_importing_plug_ins() -> None:
    """Checking an experiment file must feel instant: nothing heavy may come with the registry."""
    heavy = "numpy pandas scipy sklearn pyarrow matplotlib opensmile soundfile xgboost joblib audformat rich typer"
    code = (
        "import sys; from nkululeko.core import families as f;"
        "[x.names() for x in (f.databases, f.splits, f.features, f.models, f.scalers, f.metrics, f.plots)];"
        "import nkululeko.core.door, nkululeko.core.companion, nkululeko.core.journal, nkululeko.core.rundir;"
        f"print([m for m in {heavy.split()!r} if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
