"""The feature set of an installed package: really installed, in a folder of its own, with an entry point."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from nkululeko.core import families, plugin
from nkululeko.core.errors import NkululekoError
from nkululeko.features.mld import Mld, outside

PACKAGE = """
import numpy as np
from nkululeko.core import plugin
from nkululeko.core.families import FeatureSet


class MidLevelOptions(plugin.Options):
    power: int = plugin.option(1, "of the samples", ge=1)


class MidLevel(FeatureSet):
    Options = MidLevelOptions
    sampling_rate = 8000
    licence = "for tests only"

    def names(self):
        return ["strength"]

    def version(self):
        return "7"

    def extract(self, signal, sampling_rate):
        return np.array([np.mean(np.abs(signal) ** self.options.power)])
"""
SIGNAL = np.linspace(-1, 1, 1001)


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The package is where Python finds packages, as after ``pip install``."""
    site = tmp_path / "site"
    info = site / "my_levels-1.0.dist-info"
    info.mkdir(parents=True)
    (site / "my_levels.py").write_text(PACKAGE)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: my-levels\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[nkululeko.features]\nlevels = my_levels:MidLevel\n")
    monkeypatch.syspath_prepend(str(site))
    forget()
    yield site
    monkeypatch.undo()
    forget()


def forget() -> None:
    plugin._all_entry_points.cache_clear()
    families.features.names.cache_clear()
    families.features.load.cache_clear()


def test_values_names_and_version_are_the_packages(installed):
    mld = Mld(Mld.Options(model="levels", settings={"power": 2}))
    mld.check_ready()
    assert (mld.names(), mld.version()) == (["strength"], "7")
    np.testing.assert_allclose(mld.extract(SIGNAL, 8000), [np.mean(SIGNAL**2)])
    assert outside() == ["levels"]


def test_it_is_extracted_and_stored_under_the_packages_name_at_its_rate(installed):
    index = pd.MultiIndex.from_tuples([("a.wav", 0, 1)], names=["file", "start", "end"])

    def extraction(feature_set, rows):
        assert (feature_set.plugin_name(), feature_set.sampling_rate) == ("levels", 8000)
        assert feature_set.identity() == {"power": 1}
        return pd.DataFrame([feature_set.extract(SIGNAL, 8000)], index=rows, columns=feature_set.names())

    mld = Mld(Mld.Options(model="levels"))
    found = mld.fetch(index, extraction)
    assert mld.licence == "for tests only"
    assert found["strength"].tolist() == pytest.approx([np.mean(np.abs(SIGNAL))])


def test_its_options_are_checked(installed):
    with pytest.raises(NkululekoError, match=r"'levels' refuses 'powr': .*did you mean 'power'\?"):
        Mld(Mld.Options(model="levels", settings={"powr": 2})).check_ready()
    with pytest.raises(NkululekoError, match=r"'levels' refuses 'power': .*greater than or equal to 1"):
        Mld(Mld.Options(model="levels", settings={"power": 0})).check_ready()


def test_a_package_that_is_not_there_is_one_clear_line(installed):
    with pytest.raises(NkululekoError, match=r"there is no mld\.model; install a package .*and name that"):
        Mld().check_ready()
    with pytest.raises(
        NkululekoError, match=r"no installed package has a feature set 'levls' \(did you mean 'levels'\?\)"
    ):
        Mld(Mld.Options(model="levls")).check_ready()
    # ours are no packages from outside
    with pytest.raises(NkululekoError, match="no installed package has a feature set 'mfcc'"):
        Mld(Mld.Options(model="mfcc")).check_ready()


def test_without_any_package_that_is_said():
    with pytest.raises(
        NkululekoError, match=r"has a feature set 'levels' \(none is installed\); install a package"
    ):
        Mld(Mld.Options(model="levels")).check_ready()


def test_nothing_is_run_from_a_path(tmp_path):
    code = tmp_path / "levels.py"
    code.write_text("raise SystemExit('I ran')")
    for path in (code, tmp_path):
        with pytest.raises(NkululekoError, match="no code is run from a path that an experiment names"):
            Mld(Mld.Options(model=str(path))).check_ready()
