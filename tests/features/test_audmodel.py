"""Networks in ONNX: equal to the module that they were exported from, in any company; clear lines for others."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from config_files import Project, ini_text
from nkululeko.config.load import load
from nkululeko.core.errors import ConfigError, NkululekoError
from nkululeko.core.families import features
from nkululeko.pretrained.batches import cut
from nkululeko.pretrained.onnx_model import OnnxNetwork, load_onnx, open_onnx
from onnx_files import OUTPUTS, export, small_network

torch = pytest.importorskip("torch", reason="NOT TESTED: torch is not installed")
onnx = pytest.importorskip("onnx", reason="NOT TESTED: onnx, which writes the networks, is not installed")
pytest.importorskip("onnxruntime", reason="NOT TESTED: onnxruntime is not installed")

RATE = 16000
#: as audonnx writes it
YAML = """$audonnx.core.model.Model==0.5.0:
  path: model.onnx
  labels:
    logits:
    - arousal
    - dominance
    - valence
  transform: null
"""
MANY = {
    "signal": {0: "batch", 1: "samples"},
    **{name: {0: "batch"} for name in OUTPUTS},
    "frames": {0: "batch", 1: "frames"},
    "channels": {0: "batch", 2: "frames"},
    "per_frame": {0: "batch", 1: "frames"},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One signal at a time, as audEERING's; ``many.onnx`` takes several."""
    base = tmp_path_factory.mktemp("onnx")
    export(small_network(), base / "model.onnx")
    export(small_network(), base / "many.onnx", dynamic=MANY)
    return base


def noise(seconds: float, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    time = np.arange(round(seconds * RATE)) / RATE
    return (0.2 * np.sin(5 * time) * rng.normal(size=len(time)) + 0.2 * np.sin(900 * time)).astype(np.float32)


def make(model: Path, **options: Any) -> Any:
    plugin = features.load("audmodel")
    return plugin(plugin.Options(model=str(model), **options))


def by_hand(signal: np.ndarray, output: str) -> np.ndarray:
    with torch.no_grad():
        found = dict(zip(OUTPUTS, small_network()(torch.from_numpy(signal)[None]), strict=True))
    return {
        "logits": lambda: found["logits"][0],
        "hidden_states": lambda: found["hidden_states"][0],
        "frames": lambda: found["frames"][0].mean(0),
        "channels": lambda: found["channels"][0].mean(1),
        "per_frame": lambda: found["per_frame"].mean(1),
    }[output]().numpy()


@pytest.mark.parametrize("name", ["model.onnx", "many.onnx"])
@pytest.mark.parametrize("output", OUTPUTS)
def test_equals_the_module_it_was_exported_from(folder, name, output):
    for seconds in (0.025, 0.7, 3.0):
        signal = noise(seconds)
        row = make(folder / name, output=output).extract(signal, RATE)
        np.testing.assert_allclose(row, by_hand(signal, output), atol=1e-5)
        assert row.dtype == np.float32


def test_hidden_states_are_taken_unasked_else_the_first_output(folder, tmp_path):
    signal = noise(1)
    extractor = make(folder)
    np.testing.assert_allclose(extractor.extract(signal, RATE), by_hand(signal, "hidden_states"), atol=1e-5)
    assert extractor.names() == [f"audmodel_{place:04d}" for place in range(8)]
    export(small_network(), tmp_path / "other.onnx", outputs=["a", "b", "c", "d", "e"])
    other = make(tmp_path / "other.onnx")
    np.testing.assert_allclose(other.extract(signal, RATE), by_hand(signal, "logits"), atol=1e-5)


@pytest.mark.parametrize("name", ["model.onnx", "many.onnx"])
def test_company_changes_nothing(folder, name):
    extractor = make(folder / name, output="frames")
    signals = [noise(seconds, seed) for seed, seconds in enumerate((0.5, 2, 0.025, 0.5, 2, 0.5))]
    together = extractor.extract_batch([extractor.prepare(signal, RATE) for signal in signals])
    np.testing.assert_allclose(together, [by_hand(signal, "frames") for signal in signals], atol=1e-5)


def test_several_at_once_only_where_the_network_takes_them(folder, monkeypatch):
    sizes: list[int] = []
    known = OnnxNetwork.vectors
    monkeypatch.setattr(
        OnnxNetwork, "vectors", lambda self, signals: sizes.append(len(signals)) or known(self, signals)
    )
    for name, expected in (("model.onnx", [1, 1, 1]), ("many.onnx", [1, 2])):
        sizes.clear()
        extractor = make(folder / name)
        extractor.extract_batch([extractor.prepare(noise(s), RATE) for s in (1, 0.5, 0.5)])
        assert sorted(sizes) == expected


def test_a_network_that_says_it_takes_several_and_does_not(tmp_path):
    class Greedy(torch.nn.Module):
        """Averages over all signals that come together."""

        def forward(self, signal: Any) -> Any:
            return torch.stack([signal.mean(), signal.std()])[None]

    dynamic = {"signal": {0: "batch", 1: "samples"}}
    path = export(Greedy(), tmp_path / "greedy.onnx", outputs=["out"], dynamic=dynamic)
    extractor, signals = make(path), [noise(1, seed) for seed in range(3)]
    together = extractor.extract_batch([extractor.prepare(signal, RATE) for signal in signals])
    golden = [[signal.mean(), signal.std(ddof=1)] for signal in signals]
    np.testing.assert_allclose(together, golden, atol=1e-5)


def test_long_recordings_are_the_mean_of_their_pieces(folder):
    signal = noise(5.2)
    pieces = [by_hand(signal[a:b], "logits") for a, b in cut(len(signal), 2 * RATE, RATE)]
    row = make(folder, output="logits", chunk=2).extract(signal, RATE)
    np.testing.assert_allclose(row, np.mean(pieces, axis=0), atol=1e-5)


@pytest.mark.parametrize("shape", [(16000,), (1, 1, 16000)])
def test_other_shapes_of_the_signal(shape, tmp_path):
    class Flat(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.small = small_network()

        def forward(self, signal: Any) -> Any:
            return self.small(signal.reshape(1, -1))[2][0]  # (frames, 8)

    path = export(Flat(), tmp_path / "flat.onnx", shape, outputs=["out"])
    for signal in (noise(1.3), noise(0.025)):
        np.testing.assert_allclose(make(path).extract(signal, RATE), by_hand(signal, "frames"), atol=1e-5)


# --- names


@pytest.mark.parametrize(
    "written", [YAML, "path: model.onnx\nlabels: {logits: [arousal, dominance, valence]}\n"]
)
def test_the_description_names_values(folder, tmp_path, written):
    shutil.copy(folder / "model.onnx", tmp_path)
    (tmp_path / "model.yaml").write_text(written)
    for model in (tmp_path, tmp_path / "model.onnx"):
        assert make(model, output="logits").names() == ["arousal", "dominance", "valence"]
        assert make(model).names()[7] == "audmodel_0007"
    before = make(tmp_path).version()
    (tmp_path / "model.yaml").write_text(written.replace("arousal", "activation"))
    assert make(tmp_path).version() != before


def test_labels_in_a_file_of_their_own(folder, tmp_path):
    shutil.copy(folder / "model.onnx", tmp_path)
    (tmp_path / "labels.yaml").write_text("logits: [a, b, c]\n")
    assert make(tmp_path, output="logits").names() == ["a", "b", "c"]


# --- content


def test_a_changed_network_has_another_version(folder, tmp_path):
    shutil.copy(folder / "model.onnx", tmp_path)
    assert make(tmp_path).version() == make(tmp_path / "model.onnx").version() == make(folder).version()
    export(small_network(seed=1), tmp_path / "model.onnx")
    assert make(tmp_path).version() != make(folder).version()
    assert make(folder).identity() == {"output": "", "chunk": 30.0}


def outside(folder: Path, target: Path, place: str) -> Path:
    """A copy whose weights are in another file."""
    target.mkdir(exist_ok=True)
    model = onnx.load(folder / "model.onnx")
    onnx.save_model(
        model, target / "model.onnx", save_as_external_data=True, location=place, size_threshold=0
    )
    return target


def test_weights_in_a_file_beside_it_are_part_of_its_content(folder, tmp_path):
    for place in ("model.onnx.data", "w" * 200):
        found = outside(folder, tmp_path / place[:5], place)
        signal = noise(1)
        np.testing.assert_allclose(
            make(found).extract(signal, RATE), by_hand(signal, "hidden_states"), atol=1e-5
        )
        before = make(found).version()
        content = bytearray((found / place).read_bytes())
        content[:4] = np.float32(0.5).tobytes()
        (found / place).write_bytes(content)
        assert make(found).version() != before
    (tmp_path / "model" / "model.onnx.data").unlink()
    assert refused(tmp_path / "model").endswith(
        "takes weights from 'model.onnx.data', which is not in its folder"
    )


def test_weights_from_elsewhere_are_refused(folder, tmp_path):
    found = outside(folder, tmp_path / "model", "data.bin")
    (tmp_path / "secret").write_bytes((found / "data.bin").read_bytes())
    model = (found / "model.onnx").read_bytes()
    for place in (b"../secret", str(tmp_path / "secret").encode()):
        entry, other = b"\x12\x08data.bin", b"\x12" + bytes([len(place)]) + place
        (found / "model.onnx").write_bytes(model.replace(entry, other))
        assert f"takes weights from '{place.decode()}', which is not in its folder" in refused(found)


# --- what is no such network


def refused(model: Path, **options: Any) -> str:
    with pytest.raises(NkululekoError) as caught:
        extractor = make(model, **options)
        extractor.version()
        extractor.names()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_files_that_are_no_network(tmp_path, folder):
    assert "there is no file or folder '" in refused(tmp_path / "nothing")
    assert "has no network: no file model.onnx" in refused(tmp_path)
    (tmp_path / "model.pt").write_bytes(b"x")
    assert "has no network" in refused(tmp_path / "model.pt")
    (tmp_path / "model.onnx").write_bytes(b"")
    assert "is empty" in refused(tmp_path)
    (tmp_path / "model.onnx").write_bytes(b"no network at all")
    assert "model.onnx: cannot be used (" in refused(tmp_path)
    plugin = features.load("audmodel")
    with pytest.raises(NkululekoError, match=r"needs a network: a file .onnx, or a folder with model.onnx"):
        plugin(plugin.Options()).version()


def test_outputs_that_are_not_there(folder):
    assert refused(folder, output="hiden_states") == (
        "FEATS.audmodel.output: there is no output 'hiden_states'; did you mean 'hidden_states'?"
    )


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("path: ../model.onnx", "has no network"),
        ("labels: {hidden_states: [a, b]}", "has 2 names for the 8 values of 'hidden_states'"),
        ("labels: 3", "labels are no list, and no lists by output"),
        ("- a", "is no description of a network"),
        ("a: [", "cannot be read ("),
        ("x: !!python/object/apply:os.system ['touch ran']", "cannot be read ("),
        (
            "transform: {$opensmile.core.smile.Smile==2.5.0: {feature_set: GeMAPS}}",
            "the network takes features (opensmile.core.smile.Smile==2.5.0), which a program of its own",
        ),
        (
            "transform: {signal: {$audonnx.core.function.Function==1.0: {}}}",
            "the network takes features (signal)",
        ),
    ],
)
def test_descriptions_that_cannot_be_used(folder, tmp_path, monkeypatch, written, told):
    monkeypatch.chdir(tmp_path)
    shutil.copy(folder / "model.onnx", tmp_path)
    (tmp_path / "model.yaml").write_text(written)
    assert told in refused(tmp_path)
    assert not Path("ran").exists()


def test_networks_for_something_else(tmp_path):
    class Sum(torch.nn.Module):
        def forward(self, signal: Any) -> Any:
            return signal.sum(-1, keepdim=True)

    for shape, dynamic in (((18, 50), None), ((1, 16000), {}), ((2, 16000), None)):
        path = export(Sum(), tmp_path / f"{len(dynamic or 'no')}{shape[0]}.onnx", shape, ["out"], dynamic)
        told = refused(path)
        assert "its input 'signal' is tensor(float) of shape [" in told
        assert told.endswith(
            "only networks that take the signal itself, as float32 of shape (1, samples), can be used"
        )

    class Table(torch.nn.Module):
        def forward(self, signal: Any) -> Any:
            return signal.sum() * torch.ones(1, 3, 4)

    assert "its output 'out' is neither a vector nor frames of vectors: shape [1, 3, 4]" in refused(
        export(Table(), tmp_path / "table.onnx", outputs=["out"])
    )


def test_how_short_a_signal_may_be_is_found_by_trying(folder):
    extractor = make(folder)
    assert load_onnx(open_onnx(str(folder), ""), "", "", "").shortest == 400
    with pytest.raises(NkululekoError) as caught:
        extractor.prepare(noise(0.02), RATE)
    told = "segment of 0.020 s is too short for audmodel; it needs at least 0.025 s"
    assert str(caught.value) == told
    with pytest.raises(NkululekoError, match="not numbers"):
        extractor.prepare(np.full(RATE, np.nan, np.float32), RATE)


def test_without_onnxruntime_one_line_says_what_to_install(folder, monkeypatch):
    def version(package: str) -> str:
        raise importlib.metadata.PackageNotFoundError(package)

    extractor = make(folder)
    monkeypatch.setattr(importlib.metadata, "version", version)
    with pytest.raises(NkululekoError) as caught:
        extractor.version()
    told = "feature set 'audmodel' needs the package onnxruntime; pip install \"nkululeko[onnx]\""
    assert str(caught.value) == told


# --- in an experiment file


def test_in_an_experiment_file(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(folder, tmp_path / "net")
    project = Project(tmp_path)
    lines = "type = ['audmodel']\naudmodel.model = ./net\naudmodel.output = logits"
    (choice,) = load(project.write(ini_text(FEATS=lines))).feats.sets
    assert (choice.options.model, choice.options.output) == (str(tmp_path / "net"), "logits")
    with pytest.raises(ConfigError, match=r"there is no '\./nowhere'"):
        load(project.write(ini_text(FEATS="type = ['audmodel']\naudmodel.model = ./nowhere")))


def test_nothing_is_told_to_anybody(folder):
    """Telemetry is off before onnxruntime is imported, and known features do not import it at all."""
    code = (
        "import os, sys\nfrom nkululeko.core.families import features\nplugin = features.load('audmodel')\n"
        f"made = plugin(plugin.Options(model={str(folder)!r}))\nmade.version()\n"
        "assert 'onnxruntime' not in sys.modules\nos.environ.pop('ORT_DISABLE_TELEMETRY', None)\n"
        "made.names()\nassert os.environ['ORT_DISABLE_TELEMETRY'] == '1'"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60, env=os.environ.copy())
