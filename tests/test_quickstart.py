import configparser
import csv

import pytest

from nkululeko.core.errors import NkululekoError
from nkululeko.quickstart import SPEAKERS, UTTERANCES, quickstart


def test_writes_a_corpus_and_an_experiment_and_keeps_what_is_there(tmp_path):
    experiment = quickstart(tmp_path / "first")
    assert experiment == tmp_path / "first" / "quickstart.ini"
    parser = configparser.ConfigParser(inline_comment_prefixes=("#", ";"))
    parser.read(experiment, encoding="utf-8")
    assert set(parser.sections()) >= {"EXP", "DATA", "FEATS", "MODEL"}
    table = experiment.parent / parser["DATA"]["synthetic"]
    with table.open(newline="", encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    assert len(lines) == SPEAKERS * UTTERANCES * 4
    assert all((table.parent / line["file"]).is_file() for line in lines)
    assert parser["DATA"]["target"] in lines[0]

    experiment.write_text("; mine\n")
    written = table.stat().st_mtime_ns
    assert quickstart(tmp_path / "first") == experiment
    assert experiment.read_text() == "; mine\n"
    assert table.stat().st_mtime_ns == written


def test_the_experiment_file_is_valid(tmp_path):
    load = pytest.importorskip("nkululeko.config.load").load
    experiment = load(quickstart(tmp_path))
    assert experiment.exp.name == "quickstart"


def test_a_folder_with_other_data_is_left_alone(tmp_path):
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "mine.wav").write_bytes(b"mine")
    with pytest.raises(NkululekoError, match="something else is here"):
        quickstart(tmp_path)
    assert not (tmp_path / "quickstart.ini").exists()
