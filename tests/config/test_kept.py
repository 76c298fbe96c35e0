"""What a run's configuration says of its features, read without its data."""

from __future__ import annotations

import pytest

from nkululeko.config.kept import read_kept
from nkululeko.core.errors import NkululekoError


def test_options_of_sets_in_their_order(tmp_path):
    path = tmp_path / "config.ini"
    path.write_text(
        "[EXP]\nname = x\nnew_option = 3\n[DATA]\ndatabases = ['gone']\ngone = /no/such/folder\ntarget = age\n"
        "[FEATS]\ntype = ['mfcc', 'os']\nset = GeMAPSv01b\nfeatures = ['loudness_sma3_amean']\n"
        "mfcc.features = ['a']\n[MODEL]\ntype = svm\n"
    )
    kept = read_kept(path)
    assert [choice.name for choice in kept.feats.sets] == ["mfcc", "os"]
    assert kept.feats.sets[1].options.set == "GeMAPSv01b"
    assert kept.feats.features == ("loudness_sma3_amean",) and kept.feats.features_of == {"mfcc": ("a",)}
    assert kept.value("DATA", "target") == "age" and kept.value("EXP", "store", None) is None


def test_a_feature_set_that_nobody_knows(tmp_path):
    path = tmp_path / "config.ini"
    path.write_text("[FEATS]\ntype = ['mfccc']\n")
    with pytest.raises(NkululekoError, match="unknown feature set 'mfccc'"):
        read_kept(path)
    with pytest.raises(NkululekoError):
        read_kept(tmp_path / "none.ini")
