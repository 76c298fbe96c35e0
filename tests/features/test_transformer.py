"""Embeddings: equal to transformers called by hand, the same in any company, never stale, clear errors."""

from __future__ import annotations

import itertools
import json
import logging
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

import nkululeko
from checkpoints import KINDS, make_checkpoint
from config_files import Project, ini_text
from nkululeko.audio.probe import probe
from nkululeko.config.declare import Choice
from nkululeko.config.load import load
from nkululeko.core import samples as contract
from nkululeko.core.errors import ConfigError, NkululekoError
from nkululeko.core.families import features
from nkululeko.core.store import FeatureStore
from nkululeko.pretrained import network as networks
from nkululeko.pretrained.batches import batches, cut
from nkululeko.steps.extract import Extractor, extract
from nkululeko.testing.corpus import write_corpus

torch = pytest.importorskip("torch", reason="NOT TESTED: torch is not installed")
safetensors_torch = pytest.importorskip(
    "safetensors.torch", reason="NOT TESTED: safetensors is not installed"
)
hf = pytest.importorskip("transformers", reason="NOT TESTED: transformers is not installed")

RATE = 16000
CASES = [(name, kind) for name, kinds in KINDS.items() for kind in kinds]
CLASSES = {"wav2vec": "Wav2Vec2Model", "hubert": "HubertModel", "wavlm": "WavLMModel", "ast": "ASTModel"}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    base = tmp_path_factory.mktemp("checkpoints")
    return {kind: make_checkpoint(kind, base / kind) for _, kind in CASES}


def noise(seconds: float, seed: int = 0) -> np.ndarray:
    """Noise whose level and colour change: no two moments are alike."""
    rng = np.random.default_rng(seed)
    time = np.arange(round(seconds * RATE)) / RATE
    return (0.2 * np.sin(5 * time) * rng.normal(size=len(time)) + 0.2 * np.sin(900 * time)).astype(np.float32)


def make(name: str, folder: Path, **options: Any) -> Any:
    plugin = features.load(name)
    return plugin(plugin.Options(model=str(folder), **options))


def by_hand(name: str, folder: Path, signal: np.ndarray, layer: int = 0) -> np.ndarray:
    """Frames of a hidden layer that are about sound, as transformers' own documentation calls the model."""
    extractor = hf.AutoFeatureExtractor.from_pretrained(folder)
    inputs = extractor(signal, sampling_rate=RATE, return_tensors="pt")
    with torch.no_grad():
        if name == "whisper":
            model = hf.WhisperModel.from_pretrained(folder).eval().encoder
            found = model(inputs["input_features"], output_hidden_states=True)
        else:
            model = getattr(hf, CLASSES[name]).from_pretrained(folder).eval()
            found = model(inputs["input_values"], output_hidden_states=True)
    hidden = (found.last_hidden_state if layer == 0 else found.hidden_states[-1 - layer])[0].numpy()
    if name == "whisper":
        return hidden[: int(np.ceil(len(signal) / 320))]
    if name == "ast":  # two tokens that sum up, then bands of patches, a patch every 10 frames
        patches = hidden[2:].reshape(-1, 19, hidden.shape[1])
        frames = 1 + (len(signal) - 400) // 160
        return patches[:, : int(np.ceil(frames / 10))].reshape(-1, hidden.shape[1])
    return hidden


# --- values


@pytest.mark.parametrize(("name", "kind"), CASES)
@pytest.mark.parametrize("layer", [0, 1, 3])
def test_equals_transformers_called_by_hand(name, kind, layer, folders):
    signal = noise(1.3)
    frames = by_hand(name, folders[kind], signal, layer)
    row = make(name, folders[kind], layer=(layer,), pooling=("mean", "std")).extract(signal, RATE)
    np.testing.assert_allclose(row, [*frames.mean(0), *frames.std(0)], atol=1e-5)
    assert np.ptp(row) > 0.1


@pytest.mark.parametrize("name", KINDS)
def test_several_layers_are_averaged(name, folders):
    signal = noise(1)
    one, other, both = (
        make(name, folders[name], layer=layers).extract(signal, RATE) for layers in ((0,), (2,), (2, 0))
    )
    np.testing.assert_allclose(both, (one + other) / 2, atol=1e-5)


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_company_changes_nothing(name, kind, folders):
    extractor = make(name, folders[kind], pooling=("mean", "std"), batch_size=4)
    signals = [noise(seconds, seed) for seed, seconds in enumerate((0.5, 2, 0.025, 1.1, 2, 0.5, 1.7))]
    together = extractor.extract_batch([extractor.prepare(signal, RATE) for signal in signals])
    alone = [extractor.extract(signal, RATE) for signal in signals]
    np.testing.assert_allclose(together, alone, atol=1e-5)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(400, 12000), min_size=2, max_size=6), st.integers(1, 4))
def test_company_of_any_lengths_changes_nothing(folders, lengths, size):
    extractor = make("wav2vec", folders["wav2vec"], batch_size=size)
    signals = [noise(1, seed)[:length] for seed, length in enumerate(lengths)]
    together = extractor.extract_batch([extractor.prepare(signal, RATE) for signal in signals])
    np.testing.assert_allclose(together, [extractor.extract(s, RATE) for s in signals], atol=1e-4)


def test_networks_that_normalise_over_time_would_take_the_filling_for_sound(folders):
    """The reason why they get pieces of one length only: filled up, the values are others."""
    extractor = make("wav2vec", folders["wav2vec-group"])
    short, long = (extractor.prepare(noise(seconds), RATE)[0] for seconds in (0.5, 2))
    network = extractor._network()
    assert not network.can_pad and make("wav2vec", folders["wav2vec"])._network().can_pad
    filled = network.pooled([short, long], (0,))[0].mean
    assert np.abs(filled - network.pooled([short], (0,))[0].mean).max() > 1e-3


@pytest.mark.parametrize("name", KINDS)
def test_long_recordings_are_the_mean_of_their_pieces(name, folders):
    signal = noise(5.2)
    row = make(name, folders[name], chunk=2, pooling=("mean", "std")).extract(signal, RATE)
    frames = np.concatenate(
        [by_hand(name, folders[name], signal[a:b]) for a, b in cut(len(signal), 2 * RATE, RATE)]
    )
    np.testing.assert_allclose(row, [*frames.mean(0), *frames.std(0)], atol=1e-5)
    assert np.abs(
        row - make(name, folders[name], pooling=("mean", "std")).extract(signal, RATE)
    ).max() > 1e-4 or (
        name == "ast"  # whose own pieces are of 2 s
    )


@given(st.integers(1, 10_000), st.integers(1, 500), st.integers(0, 100))
def test_pieces_cover_a_recording(samples, longest, overlap):
    spans = cut(samples, longest, overlap)
    assert spans[0][0] == 0 and spans[-1][1] == samples
    assert {end - start for start, end in spans} == {min(samples, longest)}
    for (_, end), (start, _) in itertools.pairwise(spans):
        assert end - start >= min(overlap, longest // 2)


@given(st.lists(st.integers(1, 50), max_size=30), st.integers(1, 5), st.integers(1, 120), st.booleans())
def test_batches_hold_each_piece_once_and_are_bounded(lengths, most, size, can_pad):
    found = list(batches(lengths, most, size, can_pad))
    assert sorted(place for batch in found for place in batch) == list(range(len(lengths)))
    for batch in found:
        own = [lengths[place] for place in batch]
        assert len(batch) <= most and (len(batch) == 1 or len(batch) * max(own) <= size)
        assert can_pad or len(set(own)) == 1


# --- through the store


def rows(choice: Choice, files: list[str], store: FeatureStore, jobs: int = 2) -> Any:
    audio = probe(files, store)
    durations = {file: info.duration for file, info in audio.items()}
    index = contract.resolve_ends(contract.segmented_index(files), durations)
    return extract([choice], index, Extractor(store, audio, jobs))


def choice_of(name: str, folder: Path, **options: Any) -> Choice:
    return Choice(name, features.load(name).Options(model=str(folder), **options))


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """Of different lengths and rates; the fourth is shorter than any receptive field."""
    made = []
    for number, seconds in enumerate((0.4, 1.5, 0.9, 0.02, 1.5, 0.3)):
        rate = 44100 if number == 2 else RATE
        samples = np.interp(
            np.arange(int(seconds * rate)) / rate, np.arange(RATE * 2) / RATE, noise(2, number)
        )
        soundfile.write(tmp_path / f"{number}.wav", samples, rate, subtype="FLOAT")
        made.append(str(tmp_path / f"{number}.wav"))
    return made


@pytest.mark.parametrize("name", KINDS)
def test_files_in_batches(name, folders, files, tmp_path):
    found = rows(choice_of(name, folders[name]), files, FeatureStore(tmp_path / "store"))
    assert [Path(file).stem for file in found.features.index.get_level_values("file")] == list("01245")
    ((_, reason),) = found.failed.items()
    assert reason == f"{name}: segment of 0.020 s is too short for {name}; it needs at least 0.025 s"
    signal, _ = soundfile.read(files[4], dtype="float32")
    np.testing.assert_allclose(
        found.features.iloc[3], make(name, folders[name]).extract(signal, RATE), atol=1e-5
    )
    assert found.features.columns[0] == f"{name}_0000_mean" and found.features.shape == (5, 32)


def test_the_number_of_workers_and_the_batch_are_of_no_meaning(folders, files, tmp_path):
    tables = [
        rows(
            choice_of("wav2vec", folders["wav2vec"], batch_size=size),
            files,
            FeatureStore(tmp_path / f"{size}"),
            jobs,
        )
        for size, jobs in ((1, 1), (5, 3))
    ]
    pd.testing.assert_frame_equal(tables[0].features, tables[1].features, atol=1e-5, rtol=0)


def to_extract(caplog: pytest.LogCaptureFixture) -> int:
    lines = [line for line in caplog.messages if "to extract" in line]
    caplog.clear()
    return int(lines[-1].split()[-3]) if lines else 0


def test_a_changed_weight_never_meets_an_old_row(folders, files, tmp_path, caplog):
    from safetensors.torch import load_file, save_file

    caplog.set_level(logging.INFO, "nkululeko")
    store, folder = FeatureStore(tmp_path / "store"), tmp_path / "model"
    shutil.copytree(folders["wav2vec"], folder)
    before = rows(choice_of("wav2vec", folder), files, store).features
    assert to_extract(caplog) == 6
    rows(choice_of("wav2vec", folders["wav2vec"], batch_size=3), files, store)  # the same weights elsewhere
    assert to_extract(caplog) == 0
    weights = load_file(folder / "model.safetensors")
    name = next(name for name in weights if name.endswith("feature_projection.projection.bias"))
    weights[name][0] += 1
    times = (folder / "model.safetensors").stat()
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    os.utime(folder / "model.safetensors", ns=(times.st_atime_ns, times.st_mtime_ns))
    after = rows(choice_of("wav2vec", folder), files, store).features
    assert to_extract(caplog) == 6
    assert np.abs(before - after).to_numpy().max() > 1e-3
    rows(choice_of("wav2vec", folder, layer=(1,)), files, store)
    assert to_extract(caplog) == 6


def test_hashes_of_large_files_are_remembered_until_they_change(folders, tmp_path, monkeypatch):
    from nkululeko.pretrained import checkpoint as _checkpoint

    monkeypatch.setenv("NKULULEKO_STORE", str(tmp_path / "store"))
    monkeypatch.setattr(_checkpoint, "_SMALL", 0)
    monkeypatch.setattr(_checkpoint, "_SETTLED", -(10**15))
    hashed: list[Path] = []
    known = _checkpoint._hash
    monkeypatch.setattr(_checkpoint, "_hash", lambda path: hashed.append(path) or known(path))
    folder = tmp_path / "model"
    shutil.copytree(folders["hubert"], folder)
    versions = [make("hubert", folder).version() for _ in range(3)]
    assert len(set(versions)) == 1 and len(hashed) == 3
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"layer_norm_eps": 1e-3}))
    assert make("hubert", folder).version() != versions[0] and len(hashed) == 4


def test_memory_that_does_not_suffice(folders, monkeypatch, caplog):
    extractor = make("wav2vec", folders["wav2vec"], batch_size=4)
    ready = [extractor.prepare(noise(1, seed), RATE) for seed in range(4)]
    whole = extractor.extract_batch(ready)
    known, room = networks.Network.pooled, 2

    def small(self, pieces, layers):  # a card whose memory is full is nothing that a test can have
        if len(pieces) > room:
            raise torch.OutOfMemoryError("full")
        return known(self, pieces, layers)

    monkeypatch.setattr(networks.Network, "pooled", small)
    with caplog.at_level(logging.WARNING, "nkululeko"):
        np.testing.assert_allclose(extractor.extract_batch(ready), whole, atol=1e-5)
    assert caplog.messages == ["feature set 'wav2vec': memory does not suffice for 4 at once: in halves"]
    room = 1
    with pytest.raises(NkululekoError, match=r"does not suffice for 2 at once; set wav2vec.batch_size = 1"):
        extractor.extract_batch(ready)


# --- what is no checkpoint


@pytest.fixture
def broken(folders, tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(folders["wav2vec"], folder)
    return folder


def refused(name: str, folder: Path, **options: Any) -> str:
    with pytest.raises(NkululekoError) as caught:
        extractor = make(name, folder, **options)
        extractor.version()
        extractor.extract(noise(1), RATE)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_folders_that_are_no_checkpoint(broken, tmp_path):
    assert "there is no folder '" in refused("wav2vec", tmp_path / "nothing")
    assert refused("wav2vec", broken / "config.json").startswith(f"{broken}/config.json: is a file; ")
    (broken / "preprocessor_config.json").rename(broken / "away")
    assert "has no preprocessor_config.json" in refused("wav2vec", broken)
    (broken / "config.json").write_text("[")
    assert "config.json: is no readable JSON" in refused("wav2vec", broken)
    (broken / "config.json").unlink()
    assert refused("wav2vec", broken).startswith(f"{broken}: is no checkpoint: it has no config.json; ")


def test_another_architecture(folders, broken):
    told = refused("hubert", broken)
    assert told.endswith(
        "is a network of type 'wav2vec2'; feature set 'hubert' takes hubert; set FEATS.type = wav2vec"
    )
    config = json.loads((broken / "config.json").read_text())
    (broken / "config.json").write_text(json.dumps(config | {"model_type": "bert"}))
    assert "is a network of type 'bert'; feature set 'wav2vec' takes wav2vec2; take another" in refused(
        "wav2vec", broken
    )
    (broken / "config.json").write_text(json.dumps(config | {"num_hidden_layers": 4}))
    assert "its weights do not fit its configuration" in refused("wav2vec", broken)
    (broken / "config.json").write_text(json.dumps(config | {"hidden_size": 64}))
    assert f"{broken}: " in refused("wav2vec", broken)


def test_weights_in_a_pickle_are_read_as_numbers_only(broken, monkeypatch, tmp_path, folders):
    monkeypatch.setenv("NKULULEKO_STORE", str(tmp_path / "store"))
    monkeypatch.chdir(tmp_path)
    weights = safetensors_torch.load_file(broken / "model.safetensors")
    (broken / "model.safetensors").rename(broken / "away")
    assert "has no weights" in refused("wav2vec", broken)
    for evil in (b"cos\nsystem\n(S'touch ran'\ntR.", b"no pickle"):
        (broken / "pytorch_model.bin").write_bytes(evil)
        assert "in pytorch_model.bin, which cannot be opened safely" in refused("wav2vec", broken)
    assert not Path("ran").exists()
    torch.save(weights, broken / "pytorch_model.bin")
    expected = make("wav2vec", folders["wav2vec"]).extract(noise(1), RATE)
    for _ in range(2):
        np.testing.assert_array_equal(make("wav2vec", broken).extract(noise(1), RATE), expected)
    (broken / "pytorch_model.bin").rename(broken / "model.pt")
    assert "model.pt, a pickle, which could run any program: it is not opened" in refused("wav2vec", broken)
    (broken / "model.safetensors").write_bytes(b"no weights at all")
    assert "cannot be loaded" in refused("wav2vec", broken)


def test_networks_for_other_rates_and_layers_that_are_not_there(broken):
    assert "there is no layer 4: model has 3; layers are counted from the last" in refused(
        "wav2vec", broken, layer=(4,)
    )
    found = json.loads((broken / "preprocessor_config.json").read_text())
    (broken / "preprocessor_config.json").write_text(json.dumps(found | {"sampling_rate": 8000}))
    assert "is a network for 8000 Hz" in refused("wav2vec", broken)


def test_code_in_a_checkpoint_is_left_alone(broken, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    config = json.loads((broken / "config.json").read_text())
    code = {"auto_map": {"AutoModel": "evil.Model", "AutoConfig": "evil.Config"}}
    (broken / "config.json").write_text(json.dumps(config | code))
    (broken / "evil.py").write_text("open('ran', 'w').close()\nclass Model: ...\nclass Config: ...\n")
    make("wav2vec", broken).extract(noise(1), RATE)
    assert not Path("ran").exists()


def test_devices_that_are_not_there(folders):
    assert "there is no device 'cuda:77' here; expected one of: auto, cpu" in refused(
        "wav2vec", folders["wav2vec"], device="cuda:77"
    )


SAYS = """
from nkululeko.core.families import features
from nkululeko.core.errors import NkululekoError
plugin = features.load("wavlm")
try:
    plugin(plugin.Options(model="microsoft/wavlm-base")).version()
except NkululekoError as problem:
    print(problem)
"""


@pytest.mark.parametrize("offline", ["HF_HUB_OFFLINE", "no network"])
def test_without_network_one_line_says_what_to_do(offline, tmp_path):
    """In a process of its own, whose cache is empty and whose hub is a port where nobody answers."""
    environment = os.environ | {"HF_HOME": str(tmp_path), "HF_ENDPOINT": "http://127.0.0.1:9"}
    environment |= {"HF_HUB_OFFLINE": "1" if offline == "HF_HUB_OFFLINE" else "0"}
    done = subprocess.run(
        [sys.executable, "-c", SAYS], env=environment, capture_output=True, text=True, timeout=120
    )
    (line,) = done.stdout.splitlines()
    assert "the model 'microsoft/wavlm-base' is not on this computer" in line
    assert line.endswith("; download it elsewhere and give its folder: wavlm.model = /path/to/folder")


def test_a_model_that_was_fetched_before_is_found_without_network(folders, tmp_path):
    """In the hub's own cache; its commit stands for its content."""
    commit = "0123456789abcdef" * 2 + "01234567"
    cached = tmp_path / "hub" / "models--microsoft--wavlm-base"
    shutil.copytree(folders["wavlm"], cached / "snapshots" / commit)
    (cached / "refs").mkdir()
    (cached / "refs" / "main").write_text(commit)
    code = SAYS.replace(").version()", ").version())").replace("    plugin(plugin", "    print(plugin(plugin")
    environment = os.environ | {"HF_HOME": str(tmp_path), "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=120
    )
    assert f"checkpoint=commit={commit};" in done.stdout, done.stdout + done.stderr


def test_known_features_need_neither_torch_nor_transformers_in_memory(folders):
    code = (
        "import sys\nfrom nkululeko.core.families import features\nplugin = features.load('wav2vec')\n"
        f"made = plugin(plugin.Options(model={str(folders['wav2vec'])!r}, device='cpu'))\n"
        "made.version(), made.names()\nassert not {'torch', 'transformers'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


# --- in an experiment file


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.chdir(tmp_path)
    return Project(tmp_path)


@pytest.mark.parametrize(
    ("written", "name", "model"),
    [
        ("wav2vec", "wav2vec", "facebook/wav2vec2-large-robust-ft-swbd-300h"),
        ("wav2vec2-base-960h", "wav2vec", "facebook/wav2vec2-base-960h"),
        ("hubert-base-ls960", "hubert", "facebook/hubert-base-ls960"),
        ("wavlm-base-plus", "wavlm", "microsoft/wavlm-base-plus"),
        ("whisper-small", "whisper", "openai/whisper-small"),
        ("ast", "ast", "MIT/ast-finetuned-audioset-10-10-0.4593"),
    ],
)
def test_names_mean_models(project, written, name, model):
    config = load(project.write(ini_text(FEATS=f"type = {written}")))
    (choice,) = config.feats.sets
    assert (choice.name, choice.options.model) == (name, model)
    again = project.folder / "again.ini"
    again.write_text(config.to_ini(), encoding="utf-8")
    assert load(again).feats == config.feats


def test_options_go_before_what_a_name_means(project):
    (project.folder / "mine").mkdir()
    for line in ("model = ./mine", "wav2vec2-base.model = mine", "wav2vec.model = mine/"):
        config = load(
            project.write(ini_text(FEATS=f"type = wav2vec2-base\n{line}\nlayer = [0, 3]\npooling = std"))
        )
        (choice,) = config.feats.sets
        assert choice.options.model == str(project.folder / "mine")
        assert choice.options.layer == (0, 3) and choice.options.pooling == ("std",)


@pytest.mark.parametrize(
    ("lines", "mistake"),
    [
        (
            "type = ['wav2vec2-base', 'wav2vec2-large']",
            "are both the feature set 'wav2vec', which a run can have once",
        ),
        ("type = wav2vec\nmodel = ./nowhere", "[FEATS] model: there is no './nowhere'; looked at "),
        ("type = wav2vec\nlayer = -1", "[FEATS] layer = -1: expected whole numbers >= 0"),
        ("type = wav2vec\npooling = max", "unknown pooling 'max'; expected one of: attention, mean, std"),
        ("type = wav2vec\ndevice = gpu", "[FEATS] device = 'gpu': expected cpu, cuda, cuda:0 ... or auto"),
    ],
)
def test_mistakes_in_the_file(project, lines, mistake):
    with pytest.raises(ConfigError) as caught:
        load(project.write(ini_text(FEATS=lines)))
    assert mistake in str(caught.value)


def test_the_whole_way(folders, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NKULULEKO_STORE", str(tmp_path / "store"))
    write_corpus(tmp_path / "corpus", speakers=4, utterances_per_emotion=1)
    shutil.copytree(folders["wav2vec"], tmp_path / "models" / "tiny")
    (tmp_path / "exp.ini").write_text(
        "[DATA]\ndatabases = ['synthetic']\nsynthetic = ./corpus/corpus.csv\nsynthetic.type = csv\n"
        "synthetic.split_strategy = speaker_split\ntarget = emotion\n"
        "[FEATS]\ntype = ['wav2vec']\nwav2vec.model = ./models/tiny\n[MODEL]\ntype = svm\n"
    )
    first = nkululeko.run("exp.ini")
    assert first.report.exists()
    again = nkululeko.run("exp.ini")
    assert again.scores == first.scores
