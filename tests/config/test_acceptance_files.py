"""The experiments of ``../shared/acceptance``: they load, or say exactly what this version does not have."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from nkululeko.config.load import load
from nkululeko.config.names import ALL
from nkululeko.config.schema.augment import Augment
from nkululeko.core.errors import ConfigError
from nkululeko.steps.multidb_cells import plan

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "../shared/acceptance"
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason=f"NOT TESTED: {FOLDER} is not there")

#: what each file asks for that this version does not have; plug-ins as family:name
MISSING: dict[str, list[str]] = {
    "01_base_os_xgb": [],
    "02_specified_praat_svm": [],
    "03_csv_import": [],
    "04_bin_continuous_age": [],
    "05_age_regression": [],
    "06_cross_database": [],
    "11_balancing_adasyn": [],
    "11_balancing_ros": [],
    "11_balancing_smote": [],
    "12_colnames": [],
    "13_balanced_split": [],
    "19_save_test": [],
    "21_train_for_demo": [],
    "22_reuse_split": [],
    "23_spectra_cnn": [],
    "24_wav2vec_local": [],
    "25_finetune": [],
    "26_likability_two_scales": [],
}  # fmt: skip


@pytest.fixture(autouse=True)
def folder_of_call(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A folder beside ``shared``, as a user's would be, with the checkpoint that 24 names."""
    (tmp_path / "shared").symlink_to(ROOT.parent / "shared")
    (tmp_path / "project" / "results" / "acceptance" / "tiny-wav2vec2").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "project")


@pytest.mark.parametrize("name", MISSING)
def test_a_run_takes_it_or_names_what_is_missing(name: str) -> None:
    path = FOLDER / f"{name}.ini"
    wanted = MISSING[name]
    if not wanted:
        assert load(path).notes == ()
        return
    with pytest.raises(ConfigError) as caught:
        load(path)
    lines = path.read_text().split("\n")
    found = []
    for mistake in str(caught.value).split("\n"):
        place = re.match(rf"{re.escape(str(path))}, line (\d+): \[(\w+)\] ([\w.]+)(: '(.*?)')?", mistake)
        assert place and "is not available in this version" in mistake, mistake
        assert lines[int(place[1]) - 1].startswith(place[3]), mistake
        family = next((key for key, names in ALL.items() if place[5] in names.contract), "")
        found.append(f"{family}:{place[5]}" if place[5] else f"{place[2]}.{place[3]}")
    assert found == wanted


@pytest.mark.parametrize("name", ["07_multidb", "08_multidb_use_splits", "10_multidb_train_extra"])
def test_multidb_takes_its_files(name: str) -> None:
    planned = plan(FOLDER / f"{name}.ini")
    assert [cell.name for cell in planned.cells] == [
        "emodb_vs_emodb", "emodb_vs_urdu", "urdu_vs_emodb", "urdu_vs_urdu",
    ]  # fmt: skip
    assert [note.partition(": ")[2].split(":")[0] for note in planned.notes] == [
        "[EXP] epochs has no effect in this run"
    ]
    with pytest.raises(ConfigError, match="those of \\[EXP\\] are for nkululeko multidb"):
        load(FOLDER / f"{name}.ini")


def test_notes_on_sections_that_a_run_does_not_read() -> None:
    with pytest.raises(ConfigError) as caught:
        load(FOLDER / "14_spotlight.ini")
    assert str(caught.value).endswith("14_spotlight.ini: [MODEL] type is missing; name a model: type = svm")
    config = load(FOLDER / "14_spotlight.ini", ["MODEL.type=svm"])
    assert [note.partition(": ")[2] for note in config.notes] == ["section [EXPL] has no effect in this run"]


def test_methods_of_augmentation_are_chosen() -> None:
    reads = ("EXP", "DATA", "FEATS", "AUGMENT")
    config = load(FOLDER / "09_multidb_augmented.ini", ["DATA.databases=emodb"], reads=reads)
    section = config.section(Augment)
    assert [choice.name for choice in section.sets] == ["traditional", "random_splice"]
    assert section.sample_selection == "train"


@pytest.mark.parametrize("name", ["14_spotlight", "15_explore_statistics", "16_explore_real_target"])
def test_explore_takes_its_files(name: str) -> None:
    config = load(
        FOLDER / f"{name}.ini", reads=("EXP", "DATA", "EXPL", "PLOT", "REPORT"), if_there=("FEATS",)
    )
    assert [note for note in config.notes if "regression partner" not in note] == []


@pytest.mark.parametrize("name", [name for name, missing in MISSING.items() if not missing])
def test_the_resolved_file_means_the_same(name: str, tmp_path: Path) -> None:
    config = load(FOLDER / f"{name}.ini")
    path = tmp_path / "config.ini"
    path.write_text(config.to_ini(), encoding="utf-8")
    again = load(path)
    assert again == config
    assert again.notes == ()
