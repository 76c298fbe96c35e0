"""Text: equal to the network called by hand, the same in any company, kept by the text, clear errors."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

import nkululeko
from checkpoints import make_checkpoint
from config_files import Project, ini_text
from more_checkpoints import MORE, MORE_TEXT
from nkululeko.audio.probe import probe
from nkululeko.config.declare import Choice
from nkululeko.config.load import load
from nkululeko.core import samples as contract
from nkululeko.core.errors import ConfigError, NkululekoError
from nkululeko.core.families import features
from nkululeko.core.store import FeatureStore
from nkululeko.steps.extract import Extractor, extract
from nkululeko.testing.corpus import write_corpus

torch = pytest.importorskip("torch", reason="NOT TESTED: torch is not installed")
hf = pytest.importorskip("transformers", reason="NOT TESTED: transformers is not installed")

KINDS = MORE["bert"]
TEXTS = ["a dog barks", "The cat never sleeps, and a dog barks.", "cat", "zebra"]
LONG = "the dog barks and the cat never sleeps. " * 5


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    base = tmp_path_factory.mktemp("bert")
    return {kind: make_checkpoint(kind, base / kind) for kind in KINDS}


def make(folder: Path, **options: Any) -> Any:
    plugin = features.load("bert")
    return plugin(plugin.Options(model=str(folder), **options))


def tokens(folder: Path, text: str, layer: int = 0) -> np.ndarray:
    """A hidden layer of one text, a row a token."""
    tokenizer = hf.AutoTokenizer.from_pretrained(folder)
    inputs = tokenizer(text, return_tensors="pt", return_token_type_ids=False)
    with torch.no_grad():
        found = hf.AutoModel.from_pretrained(folder).eval()(**inputs, output_hidden_states=True)
    return found.hidden_states[-1 - layer][0].numpy()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("layer", [0, 2])
def test_equals_the_network_called_by_hand(folders, kind, layer):
    for pooling in ("mean", "cls"):
        extractor = make(folders[kind], layer=(layer,), pooling=pooling)
        rows = extractor.extract_texts(TEXTS)
        hidden = [tokens(folders[kind], text, layer) for text in TEXTS]
        expected = [each.mean(0) if pooling == "mean" else each[0] for each in hidden]
        np.testing.assert_allclose(rows, expected, atol=1e-5)
        assert extractor.names()[7] == f"bert_0007_{pooling}" and rows.shape == (4, len(extractor.names()))
    assert np.abs(rows[0] - rows[1]).max() > 1e-3


@pytest.mark.parametrize("kind", MORE_TEXT)
def test_further_architectures(tmp_path, kind):
    folder = make_checkpoint(kind, tmp_path / kind)
    rows = make(folder).extract_texts([*TEXTS, LONG])
    np.testing.assert_allclose(rows[:4], [tokens(folder, text).mean(0) for text in TEXTS], atol=1e-5)
    np.testing.assert_allclose(rows[4], make(folder).extract_texts([LONG])[0], atol=1e-5)


def test_several_layers_are_averaged(folders):
    rows = make(folders["bert"], layer=(0, 3)).extract_texts(TEXTS)
    one, other = (make(folders["bert"], layer=(layer,)).extract_texts(TEXTS) for layer in (0, 3))
    np.testing.assert_allclose(rows, (one + other) / 2, atol=1e-5)


@settings(max_examples=8, deadline=None)
@given(st.lists(st.text("dogcat. bark", min_size=1, max_size=300), min_size=1, max_size=6), st.integers(1, 4))
def test_company_changes_nothing(folders, texts, size):
    texts = [text for text in texts if text.strip()] or ["cat"]
    extractor = make(folders["bert"], batch_size=size)
    alone = [extractor.extract_texts([text])[0] for text in texts]
    np.testing.assert_allclose(extractor.extract_texts(texts), alone, atol=1e-5)


@pytest.mark.parametrize(("kind", "most"), [("bert", 24), ("bert-roberta", 23), ("bert-distil", 24)])
def test_long_texts_are_read_in_pieces(folders, kind, most):
    folder = folders[kind]
    tokenizer = hf.AutoTokenizer.from_pretrained(folder)
    ids = tokenizer(LONG, add_special_tokens=False)["input_ids"]
    begin, end = tokenizer.cls_token_id, tokenizer.sep_token_id
    pieces = [[begin, *ids[at : at + most - 2], end] for at in range(0, len(ids), most - 2)]
    model = hf.AutoModel.from_pretrained(folder).eval()
    with torch.no_grad():
        hidden = [model(torch.tensor([piece])).last_hidden_state[0].numpy() for piece in pieces]
    assert len(pieces) > 1
    np.testing.assert_allclose(
        make(folder).extract_texts([LONG])[0], np.concatenate(hidden).mean(0), atol=1e-5
    )


# --- which column


def test_which_column(folders):
    assert make(folders["bert"]).column(["speaker", "transcription"]) == "transcription"
    assert make(folders["bert"]).column(["transcription", "text"]) == "text"
    assert make(folders["bert"], column="said").column(["text", "said"]) == "said"
    with pytest.raises(
        NkululekoError, match=r"FEATS.bert.column: no column 'sad' with text.*did you mean 'said'"
    ):
        make(folders["bert"], column="sad").column(["text", "said"])
    with pytest.raises(NkululekoError, match=r"starts from text, not from audio"):
        make(folders["bert"]).extract(np.zeros(16000, np.float32), 16000)


def test_layers_that_are_not_there(folders):
    with pytest.raises(NkululekoError, match="there is no layer 9: bert has 3"):
        make(folders["bert"], layer=(9,)).check_ready()


def test_a_network_for_sound_is_refused(tmp_path):
    with pytest.raises(
        NkululekoError, match="is a network of type 'wavlm'; feature set 'bert' takes bert or"
    ):
        make(make_checkpoint("wavlm", tmp_path / "wavlm")).check_ready()


# --- through the store


@pytest.fixture
def samples(tmp_path: Path) -> pd.DataFrame:
    files = [str(tmp_path / f"{number}.wav") for number in range(5)]
    for number, file in enumerate(files):
        soundfile.write(file, np.full(1600, 0.01 * number), 16000)
    index = contract.resolve_ends(contract.segmented_index(files), dict.fromkeys(files, 0.1))
    return pd.DataFrame({"text": ["a dog barks", None, "a cat", "a  dog barks ", " "]}, index=index)


def rows(folder: Path, samples: pd.DataFrame, store: Path, columns: Any = "same", **options: Any) -> Any:
    feature_store = FeatureStore(store)
    audio = probe(sorted(set(samples.index.get_level_values("file"))), feature_store)
    choice = Choice("bert", features.load("bert").Options(model=str(folder), **options))
    columns = samples if isinstance(columns, str) else columns
    return extract([choice], samples.index, Extractor(feature_store, audio, 2, columns=columns))


def test_rows_without_text_are_named(folders, samples, tmp_path):
    found = rows(folders["bert"], samples, tmp_path / "store")
    assert [Path(row[0]).stem for row in found.features.index] == list("023")
    assert {Path(row[0]).stem: why for row, why in found.failed.items()} == dict.fromkeys(
        "14", "bert: the sample has no text"
    )
    values = found.features.to_numpy()
    np.testing.assert_allclose(
        values[:2], make(folders["bert"]).extract_texts(["a dog barks", "a cat"]), atol=1e-5
    )
    np.testing.assert_array_equal(values[0], values[2])  # blanks around words are no words


def test_vectors_are_kept_by_the_text(folders, samples, tmp_path, caplog):
    caplog.set_level(logging.INFO, "nkululeko")

    def extracted() -> int:
        lines = [line for line in caplog.messages if "to extract" in line]
        caplog.clear()
        return int(lines[-1].split()[-3]) if lines else 0

    rows(folders["bert"], samples, tmp_path / "store")
    assert extracted() == 3  # two texts, and none
    again = rows(folders["bert"], samples.rename(columns={"text": "said"}), tmp_path / "store", column="said")
    assert extracted() == 0 and len(again.failed) == 2
    changed = samples.assign(text=["a dog sleeps", *samples["text"][1:]])
    values = rows(folders["bert"], changed, tmp_path / "store").features.to_numpy()
    assert extracted() == 1
    assert np.abs(values[0] - again.features.to_numpy()[0]).max() > 1e-3
    np.testing.assert_array_equal(values[1:], again.features.to_numpy()[1:])


def test_too_many_without_text_stop_the_run(folders, samples, tmp_path):
    with pytest.raises(NkululekoError, match=r"bert: 3 of 5 segments failed, e.g. the sample has no text"):
        rows(folders["bert"], samples.assign(text=["a", None, None, None, "b"]), tmp_path / "store")


def test_recordings_alone_have_no_text(folders, samples, tmp_path):
    with pytest.raises(
        NkululekoError, match="'bert' reads a column of the data, and here there are only recordings"
    ):
        rows(folders["bert"], samples, tmp_path / "store", None)


# --- in an experiment


def test_the_whole_way(folders, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NKULULEKO_STORE", str(tmp_path / "store"))
    write_corpus(tmp_path / "corpus", speakers=4, utterances_per_emotion=1)
    table = pd.read_csv("corpus/corpus.csv")
    words = {label: text for label, text in zip(sorted(table["emotion"].unique()), TEXTS, strict=False)}
    table["transcription"] = table["emotion"].map(words).fillna("never wake")
    table.to_csv("corpus/corpus.csv", index=False)
    text = (
        "[DATA]\ndatabases = ['synthetic']\nsynthetic = ./corpus/corpus.csv\nsynthetic.type = csv\n"
        f"synthetic.split_strategy = speaker_split\ntarget = emotion\n[FEATS]\ntype = bert\nmodel = {folders['bert']}\n"
        "[MODEL]\ntype = knn\nK_val = 1\n"
    )
    Path("exp.ini").write_text(text)
    result = nkululeko.run("exp.ini")
    assert result.scores["uar"].value == pytest.approx(1)  # the words give each emotion away
    Path("exp.ini").write_text(text.replace("[MODEL]", "bert.column = emotion\n[MODEL]"))
    with pytest.raises(NkululekoError, match=r"no column 'emotion' with text \(the target does not count\)"):
        nkululeko.run("exp.ini")


def test_options_in_the_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    project = Project(tmp_path)
    (choice,) = load(
        project.write(ini_text(FEATS="type = bert\nbert.column = said\nbert.pooling = cls"))
    ).feats.sets
    assert choice.options.model == "google-bert/bert-base-uncased"
    assert (choice.options.column, choice.options.pooling) == ("said", "cls")
    (choice,) = load(project.write(ini_text(FEATS="type = bert-base-german-cased"))).feats.sets
    assert (choice.name, choice.options.model) == ("bert", "google-bert/bert-base-german-cased")
    with pytest.raises(ConfigError, match="expected whole numbers >= 0"):
        load(project.write(ini_text(FEATS="type = bert\nbert.layer = -1")))
