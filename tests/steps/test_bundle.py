"""Bundles: the same numbers elsewhere, nothing that tells of people, and no harm from a bundle that a stranger made."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
import zipfile
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from finished_runs import finish, learn, write_ini
from nkululeko import auto, export_model
from nkululeko.core.errors import NkululekoError
from nkululeko.core.samples import segmented_index
from nkululeko.learning._persist import save_arrays
from nkululeko.steps import bundle_files
from nkululeko.steps.apply import open_trained
from nkululeko.steps.apply_files import Hearing, predict_segments
from nkululeko.steps.bundle import open_bundle, read_bundle

#: a fresh process in which heavy packages cannot be imported: the core install has none of them
CORE_ONLY = """
import sys
ABSENT = {"torch", "transformers", "onnx", "onnxruntime", "skl2onnx", "onnxmltools", "fastapi", "gradio", "lightgbm"}

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ABSENT:
            raise ImportError(f"{name} is not installed here")

sys.meta_path.insert(0, Absent())
from nkululeko import predict
frame = predict.predict(sys.argv[1], sys.argv[2:])
frame.reset_index(drop=True).to_csv(sys.stdout, index=False)
"""


def predicted(place: Path, files: list[str], store: Path, speakers=None) -> pd.DataFrame:
    samples = pd.DataFrame(index=segmented_index(files))
    if speakers is not None:
        samples["speaker"] = speakers
    return pd.concat(predict_segments(open_trained(place), samples, Hearing(store, 1)))


def some(rows: pd.DataFrame, count: int = 6) -> list[str]:
    return [str(file) for file in rows.index.get_level_values("file")[:count]]


@pytest.fixture
def ini(bench) -> Path:
    return write_ini(bench.folder, bench.corpus, bench.store)


@pytest.fixture(scope="module")
def made(tmp_path_factory, corpus, store):
    """One run with its bundle, as a folder; copied by whoever changes it."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("made")
        patch.chdir(folder)
        finish(write_ini(folder, corpus, store), "exp", "MODEL.type=svm")
        return export_model.export(folder / "results" / "exp", folder / "bundle").path


@pytest.fixture
def quick(made, bench, ini):
    """Trains and keeps a model; its model card is that of another run."""
    result = (made.parent / "results" / "exp" / "result.json").read_text()
    return lambda *changes: learn(ini, "exp", *changes, result=result)


@pytest.fixture
def bundle(made, tmp_path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "bundle"))


def renewed(folder: Path) -> Path:
    """The same with a manifest that fits, as somebody writes it who means harm."""
    (folder / "manifest.json").unlink()
    files = {
        path.relative_to(folder).as_posix(): {
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "bytes": path.stat().st_size
        }
        for path in folder.rglob("*") if path.is_file()
    }  # fmt: skip
    listed = {name: {"sha256": entry["sha256"], "size": entry["bytes"]} for name, entry in files.items()}
    (folder / "manifest.json").write_text(json.dumps({"format": 1, "files": listed}))
    return folder


class TestSameNumbers:
    """A bundle answers as the run does, to the last bit."""

    @pytest.mark.parametrize("model", ["svm", "xgb", "knn", "rf", "gmm", "lda"])
    def test_models(self, bench, quick, model):
        self.check(*quick(f"MODEL.type={model}"), bench)

    @pytest.mark.parametrize(
        "changes",
        [
            ("FEATS.type=['os']", "FEATS.set=eGeMAPSv02"),
            ("FEATS.type=['mfcc', 'os']", "FEATS.os.features=['loudness_sma3_amean']"),
            ("FEATS.type=['mfcc', 'snr']", "FEATS.scale=robust"),
            ("FEATS.scale=bins",),
            ("FEATS.scale=quantiletransformer", "MODEL.type=svm"),
            ("FEATS.type=['lfcc']", "FEATS.balancing=ros", "MODEL.type=svm"),
        ],
    )
    def test_features_and_scalers(self, bench, quick, changes):
        self.check(*quick(*changes), bench)

    def test_a_model_that_must_know_the_speakers(self, bench, quick):
        folder, test = quick("FEATS.scale=speaker", "MODEL.type=svm")
        out = export_model.export(folder, bench.folder / "b").path
        assert open_trained(out).needs_speakers
        files, speakers = some(test), list(test["speaker"][:6])
        of_run = predicted(folder, files, bench.store, speakers)
        pd.testing.assert_frame_equal(predicted(out, files, bench.store, speakers), of_run)
        with pytest.raises(NkululekoError, match="must know who speaks"):
            predicted(out, files, bench.store)

    def test_numbers(self, bench, quick):
        random = np.random.default_rng(2)
        table = bench.table
        table = table.assign(height=random.normal(170, 10, len(table)))
        table.to_csv(bench.folder / "numbers.csv", index=False)
        changes = ("EXP.type=regression", "DATA.target=height", "MODEL.type=xgr")
        self.check(*quick(f"DATA.db={bench.folder}/numbers.csv", *changes), bench)

    @pytest.mark.parametrize("model", ["mlp", "cnn"])
    def test_nets(self, bench, quick, model):
        pytest.importorskip("torch", reason="NOT TESTED: torch is not installed")
        changes = [f"MODEL.type={model}", "EXP.epochs=1"]
        if model == "cnn":
            changes += [
                "FEATS.type=['os']",
                "FEATS.level=frame",
                "FEATS.pooling=none",
                "FEATS.max_duration=1",
            ]
        self.check(*quick(*changes), bench)

    def test_a_committee(self, bench):
        pytest.importorskip("optuna", reason="NOT TESTED: optuna is not installed")
        rest = "[AUTO]\nminutes = 0.1\nfeatures = ['mfcc', 'snr']\nmodels = ['logreg', 'xgb']\nscale = ['standard']"
        result = auto.run(bench.ini(data="db.test_size = 40", rest=rest))
        out = self.check(result.folder, result.predictions, bench)
        assert open_trained(out).committee

    @staticmethod
    def check(folder: Path, test: pd.DataFrame, bench) -> Path:
        files = some(test)
        of_run = predicted(folder, files, bench.store)
        assert (of_run["error"] == "").all()
        for name in ("b", "b.zip"):
            out = export_model.export(folder, bench.folder / name).path
            pd.testing.assert_frame_equal(predicted(out, files, bench.store), of_run)
        return out


def test_the_core_install_is_enough(bench, quick):
    """In a process without any package of the extras, with nothing left of the run, and a store of its own."""
    bundles = []
    for model in ("svm", "xgb"):
        folder, test = quick(f"MODEL.type={model}")
        files = some(test, 2)
        out = export_model.export(folder, bench.folder / f"{model}.zip").path
        bundles.append((out, predicted(folder, files, bench.store)))
        shutil.rmtree(folder)
    (bench.folder / "exp.ini").unlink()
    for out, expected in bundles:
        shown = subprocess.run(
            [sys.executable, "-c", CORE_ONLY, str(out), *files], capture_output=True, text=True, check=True,
            env={"PATH": "/usr/bin:/bin", "NKULULEKO_STORE": str(bench.folder / "other"), "HOME": str(bench.folder)},
        ).stdout  # fmt: skip
        said = pd.read_csv(StringIO(shown), keep_default_na=False)
        pd.testing.assert_frame_equal(said, expected.reset_index(drop=True), rtol=1e-9)


def contents(folder: Path) -> dict[str, bytes]:
    """All that is in a bundle, also inside of its packed files."""
    found = {}
    for path in folder.rglob("*"):
        if path.is_file():
            found[str(path)] = path.read_bytes()
            if zipfile.is_zipfile(path):
                with zipfile.ZipFile(path) as archive:
                    found |= {f"{path}/{name}": archive.read(name) for name in archive.namelist()}
    return found


@pytest.mark.parametrize("model", ["knn"])
def test_nobody_is_named(bench, model):
    """Neither speakers nor recordings nor folders of the computer."""
    names = {name: f"Zx{number}Quirinius" for number, name in enumerate(bench.table["speaker"].unique())}
    frame = bench.table.assign(speaker=[names[name] for name in bench.table["speaker"]])
    result = bench.run(frame=frame, model=f"type = {model}", data="db.test_size = 40", exp="runs = 2")
    out = export_model.export(result.folder, bench.folder / "b", onnx=False).path
    for name, content in contents(out).items():
        for secret in (
            b"Quirinius",
            str(bench.folder).encode(),
            str(bench.corpus).encode(),
            b".wav",
            b"data.csv",
        ):
            assert secret not in content, f"{secret.decode()} in {name}"
    assert b"Quirinius" in (result.folder / "result.json").read_bytes(), "the test shows nothing"


def test_the_same_run_gives_the_same_zip(bench, quick):
    folder, _ = quick("MODEL.type=svm")
    first, second = (export_model.export(folder, bench.folder / f"{number}.zip").path for number in (1, 2))
    assert first.read_bytes() == second.read_bytes()


class TestNetworks:
    """What a feature set needs beside its options goes with it."""

    @pytest.fixture
    def checkpoint(self, bench) -> Path:
        pytest.importorskip("transformers", reason="NOT TESTED: transformers is not installed")
        from checkpoints import make_checkpoint

        return make_checkpoint("wav2vec", bench.folder / "secret" / "network")

    def test_a_local_network_is_copied(self, bench, quick, checkpoint):
        folder, test = quick("FEATS.type=['wav2vec']", f"FEATS.wav2vec.model={checkpoint}")
        files = some(test, 3)
        of_run = predicted(folder, files, bench.store)
        out = export_model.export(folder, bench.folder / "b.zip").path
        shutil.rmtree(checkpoint)
        with pytest.raises(NkululekoError, match="there is no"):
            export_model.export(folder, bench.folder / "c")
        assert not (bench.folder / "c").exists()
        unpacked = read_bundle(out).folder
        assert (unpacked / "networks" / "1_wav2vec" / "model.safetensors").exists()
        assert not [name for name, text in contents(unpacked).items() if b"secret" in text]
        said = predicted(out, files, bench.folder / "other")
        pd.testing.assert_frame_equal(said, of_run, rtol=1e-3, atol=1e-6)

    def test_a_fine_tuned_network(self, bench, quick, checkpoint):
        for package in ("torch", "accelerate", "tensorboard"):
            pytest.importorskip(package, reason=f"NOT TESTED: {package} is not installed")
        model = ("MODEL.type=finetune", f"MODEL.pretrained_model={checkpoint}", "MODEL.max_duration=1")
        folder, test = quick(*model, "EXP.epochs=1", "FEATS.scale=none")
        files = some(test, 3)
        of_run = predicted(folder, files, bench.store)
        out = export_model.export(folder, bench.folder / "b").path
        shutil.rmtree(folder)
        shutil.rmtree(checkpoint.parent)
        assert not [name for name, text in contents(out).items() if b"secret" in text]
        said = predicted(out, files, bench.store)
        pd.testing.assert_frame_equal(said, of_run, rtol=1e-5)

    def test_features_that_cannot_be_had_elsewhere(self, bench, quick):
        table = bench.table[["file"]].assign(x=range(len(bench.table)), y=1.0)
        table.to_csv(bench.folder / "features.csv", index=False)
        changes = ("FEATS.type=['import']", f"FEATS.import_file=['{bench.folder}/features.csv']")
        quick(*changes)
        with pytest.raises(NkululekoError, match="from tables, not from sound"):
            export_model.export(bench.folder / "results" / "exp", bench.folder / "b")


class TestWhereItGoes:
    """Nothing of others is overwritten; what is left is whole."""

    def test_an_earlier_bundle_is_replaced(self, bench, quick):
        quick()
        run = bench.folder / "results" / "exp"
        for name in ("b", "b.zip"):
            export_model.export(run, bench.folder / name)
            export_model.export(run, bench.folder / name)
            read_bundle(bench.folder / name)
        assert not list(bench.folder.glob(".b*"))

    @pytest.mark.parametrize("kind", ["folder", "file", "zip", "run"])
    def test_what_is_no_bundle_stays(self, bench, quick, kind):
        quick()
        run = bench.folder / "results" / "exp"
        out = {
            "folder": bench.folder / "mine",
            "file": bench.folder / "mine.txt",
            "zip": bench.folder / "mine.zip",
        }
        out["run"] = run
        (bench.folder / "mine").mkdir()
        (bench.folder / "mine" / "thesis.txt").write_text("years of work")
        (bench.folder / "mine.txt").write_text("years of work")
        with zipfile.ZipFile(bench.folder / "mine.zip", "w") as archive:
            archive.writestr("thesis.txt", "years of work")
        with pytest.raises(NkululekoError, match="is there already, and is no bundle"):
            export_model.export(run, out[kind])
        assert out[kind].exists() and (bench.folder / "mine" / "thesis.txt").exists()

    def test_runs_that_cannot_be_exported(self, bench, quick, bundle):
        with pytest.raises(NkululekoError, match="no such folder"):
            export_model.export(bench.folder / "nowhere", bench.folder / "b")
        with pytest.raises(NkululekoError, match="is a bundle already"):
            export_model.export(bundle, bench.folder / "b")
        shutil.rmtree(quick()[0] / "models")
        with pytest.raises(NkululekoError, match="kept no model"):
            export_model.export(bench.folder / "results" / "exp", bench.folder / "b")
        quick()
        (bench.folder / "results" / "exp" / "result.json").unlink()
        with pytest.raises(NkululekoError, match=r"no result\.json"):
            export_model.export(bench.folder / "results" / "exp", bench.folder / "b")


def refused(place: Path, what: str) -> str:
    with pytest.raises(NkululekoError, match=what) as problem:
        open_bundle(place)
    assert "\n" not in str(problem.value)
    return str(problem.value)


class TestTampered:
    """What differs from the manifest is not opened."""

    def test_whole(self, bundle):
        assert open_bundle(bundle).name == "exp"
        assert open_bundle(renewed(bundle)).name == "exp"

    @given(data=st.data())
    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_any_byte(self, bundle, data):
        names = sorted(path for path in bundle.rglob("*") if path.is_file() and path.name != "manifest.json")
        path = data.draw(st.sampled_from(names))
        content = bytearray(path.read_bytes())
        place = data.draw(st.integers(0, len(content) - 1))
        before = bytes(content)
        content[place] ^= data.draw(st.integers(1, 255))
        path.write_bytes(content)
        try:
            said = refused(bundle, "tampered or damaged")
            assert path.relative_to(bundle).as_posix() in said and "differs from the manifest" in said
        finally:
            path.write_bytes(before)

    def test_a_file_that_is_missing(self, bundle):
        (bundle / "models" / "scaler.npz").unlink()
        refused(bundle, r"models/scaler\.npz is missing")

    @pytest.mark.parametrize("name", ["more.json", "models/model/evil.py", "models/.hidden"])
    def test_a_file_too_many(self, bundle, name):
        (bundle / name).write_text("{}")
        refused(bundle, "is not in its manifest")

    def test_a_link(self, bundle):
        (bundle / "link.json").symlink_to("/etc/passwd")
        refused(bundle, "is a link")
        (bundle / "link.json").unlink()
        content = (bundle / "model_card.md").read_bytes()
        (bundle.parent / "outside.md").write_bytes(content)
        (bundle / "model_card.md").unlink()
        (bundle / "model_card.md").symlink_to(bundle.parent / "outside.md")
        refused(bundle, "is a link")

    @pytest.mark.parametrize(
        "text", ["", "[]", "{}", '{"format": 1}', '{"format": 1, "files": {"a.json": 3}}', "\x00"]
    )
    def test_a_manifest_that_is_none(self, bundle, text):
        (bundle / "manifest.json").write_text(text)
        refused(bundle, "manifest cannot be read")

    def test_no_bundle(self, tmp_path, bundle):
        (tmp_path / "empty").mkdir()
        refused(tmp_path / "empty", "is no bundle")
        refused(tmp_path / "nowhere", "no such bundle")
        refused(tmp_path / "nowhere.zip", "no such bundle")
        (tmp_path / "text.zip").write_text("this is no zip")
        refused(tmp_path / "text.zip", "no zip that can be read")
        with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
            archive.writestr("a.json", "{}")
        refused(tmp_path / "other.zip", "is no bundle")
        (bundle / "bundle.json").unlink()
        refused(renewed(bundle), "is no bundle")


class TestVersions:
    """What a newer program made says so."""

    def test_of_the_manifest(self, bundle):
        path = bundle / "manifest.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | {"format": 99, "more": 1}))
        refused(bundle, "made by a newer version of nkululeko.*upgrade")

    def test_of_the_description(self, bundle):
        changed(bundle, format=99, more={"x": 1})
        refused(bundle, "made by a newer version of nkululeko")

    def test_of_a_model(self, bundle):
        path = bundle / "models" / "pipeline.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | {"format": 99}))
        refused(renewed(bundle), "has format 99")


def changed(bundle: Path, **values) -> Path:
    """A description that says other things, with a manifest that fits."""
    path = bundle / "bundle.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))
    return renewed(bundle)


class TestHarm:
    """Bundles that fit their manifests, made by somebody who means harm."""

    @staticmethod
    def expert(bundle: Path, **values) -> Path:
        (expert,) = json.loads((bundle / "bundle.json").read_text())["experts"]
        return changed(bundle, experts=[expert | values])

    @pytest.mark.parametrize("place", ["../..", "/etc", "models/../../x", "", ".", "C:\\x"])
    def test_models_elsewhere(self, bundle, place):
        refused(self.expert(bundle, models=place), "outside of the bundle")

    @pytest.mark.parametrize(
        ("name", "options", "what"),
        [
            ("import", {"import_file": ["/etc/passwd"]}, "from tables"),
            ("xbow", {"jar": "/tmp/evil.jar", "codebook": "/tmp/c"}, "holds no programs"),
            ("trill", {"model": "networks/1"}, "holds no programs"),
            ("bert", {}, "starts from text"),
            ("mos", {"reference": "/etc/passwd"}, "holds no voices"),
            ("wav2vec", {"model": "/etc"}, "outside of the bundle"),
            ("wav2vec", {"model": "../network"}, "outside of the bundle"),
            ("wav2vec", {"model": "networks/../../x"}, "outside of the bundle"),
            ("wav2vec", {"model": "networks/none"}, "outside of the bundle"),
            ("wav2vec", {"model": {"a": 1}}, "outside of the bundle"),
            ("audmodel", {"model": "some/name"}, "outside of the bundle"),
            ("mfcc", {"no_such": 1}, "other options in this version"),
            ("no_such_set", {}, "unknown feature set"),
            ("os.path", {}, "unknown feature set"),
        ],
    )
    def test_feature_sets(self, bundle, name, options, what):
        refused(self.expert(bundle, sets=[{"name": name, "options": options}]), what)

    @pytest.mark.parametrize(
        "values",
        [
            {"experts": []},
            {"experts": 3},
            {"labels": ["other"]},
            {"task": "regression"},
            {"name": None},
            {"surprise": 1},
            {"experts": [{"models": "models", "sets": []}]},
        ],
    )
    def test_descriptions(self, bundle, values):
        refused(changed(bundle, **values), r"bundle\.json")

    def test_arrays_that_hold_objects(self, bundle):
        with (bundle / "models" / "scaler.npz").open("wb") as file:
            np.savez(file, centre=np.array([{"a": 1}], dtype=object))
        refused(renewed(bundle), "not a table of plain arrays")

    @pytest.mark.parametrize("name", ["model.pkl", "model.pt", "run.py", "a.so", "model.joblib", "x"])
    def test_other_kinds_of_files(self, bundle, name):
        (bundle / "models" / name).write_bytes(b"\x80\x04.")
        refused(renewed(bundle), "holds numbers and text")

    def test_a_model_of_another_kind(self, bundle):
        save_arrays(bundle / "models" / "model" / "model.npz", {"x": np.zeros(3)})
        refused(renewed(bundle), "does not fit|not complete")


class TestZips:
    """A zip is unpacked only where, and as far as, its manifest says."""

    @staticmethod
    def packed(folder: Path, out: Path) -> Path:
        bundle_files.pack(folder, out)
        return out

    def test_whole(self, bundle, tmp_path):
        trained = open_bundle(self.packed(bundle, tmp_path / "b.zip"))
        assert trained.folder == tmp_path / "b.zip"

    def test_by_its_content_not_its_name(self, bundle, tmp_path):
        assert open_bundle(self.packed(bundle, tmp_path / "model.bundle")).name == "exp"

    @pytest.mark.parametrize(
        "name", ["../evil.json", "/tmp/evil.json", "a/../../evil.json", "..\\evil.json", "C:evil.json"]
    )
    def test_names_that_lead_out(self, bundle, tmp_path, name):
        path = self.packed(bundle, tmp_path / "b.zip")
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr(name, "{}")
        refused(path, "outside of the bundle")
        assert not list(tmp_path.rglob("evil*"))

    def test_a_manifest_that_leads_out(self, bundle, tmp_path):
        manifest = json.loads((bundle / "manifest.json").read_text())
        manifest["files"]["../evil.json"] = {"sha256": "0" * 64, "size": 2}
        (bundle / "manifest.json").write_text(json.dumps(manifest))
        refused(self.packed(bundle, tmp_path / "b.zip"), "outside of the bundle")
        refused(bundle, "outside of the bundle")

    def test_a_link(self, bundle, tmp_path):
        path = self.packed(bundle, tmp_path / "b.zip")
        with zipfile.ZipFile(path, "a") as archive:
            link = zipfile.ZipInfo("models/link.json")
            link.external_attr = 0o120777 << 16
            archive.writestr(link, "/etc/passwd")
        refused(path, "is a link")

    def test_twice(self, bundle, tmp_path):
        path = self.packed(bundle, tmp_path / "b.zip")
        with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("bundle.json", "{}")
        refused(path, "twice")

    def test_one_too_many_and_one_too_few(self, bundle, tmp_path):
        path = self.packed(bundle, tmp_path / "b.zip")
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr("more.json", "{}")
        refused(path, "not in its manifest")
        (bundle / "model_card.md").unlink()
        refused(self.packed(bundle, tmp_path / "c.zip"), "is missing")

    def test_larger_than_it_says(self, bundle, tmp_path):
        (bundle / "model_card.md").write_bytes(b"0" * 10_000_000)
        refused(self.packed(bundle, tmp_path / "b.zip"), "larger than its manifest says")

    def test_a_bomb(self, bundle, tmp_path, monkeypatch):
        monkeypatch.setattr(bundle_files, "_CHECKED", 2**20)
        (bundle / "model_card.md").write_bytes(b"0" * 200_000_000)
        refused(self.packed(renewed(bundle), tmp_path / "b.zip"), "claim to become 200 MB")

    def test_a_manifest_without_end(self, bundle, tmp_path):
        (bundle / "manifest.json").write_bytes(b" " * 50_000_000)
        refused(self.packed(bundle, tmp_path / "b.zip"), "larger than its manifest says")

    def test_too_many_files(self, bundle, tmp_path):
        with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
            for number in range(5002):
                archive.writestr(f"{number}.json", "")
        refused(tmp_path / "b.zip", "more than 5000 files")

    @given(data=st.data())
    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_broken_anywhere(self, bundle, tmp_path, data):
        """Whatever byte is changed, or wherever it ends: one line, or still the same bundle."""
        path = self.packed(bundle, tmp_path / "b.zip")
        content = bytearray(path.read_bytes())
        place = data.draw(st.integers(0, len(content) - 1))
        if data.draw(st.booleans()):
            content[place] ^= data.draw(st.integers(1, 255))
        else:
            del content[place:]
        path.write_bytes(content)
        try:
            found = read_bundle(path)
        except NkululekoError as problem:
            assert "\n" not in str(problem)
        else:
            assert found.record.name == "exp"


def test_the_folder_of_a_zip_goes_with_the_program(bundle, tmp_path):
    bundle_files.pack(bundle, tmp_path / "b.zip")
    code = (
        "import sys; from nkululeko.steps.bundle import read_bundle; print(read_bundle(sys.argv[1]).folder)"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "b.zip")], capture_output=True, text=True, check=True
    )
    assert "nkululeko-bundle-" in shown.stdout and not Path(shown.stdout.strip()).exists()


def test_the_door(bundle, bench, quick, capsys):
    quick("MODEL.type=svm")
    assert export_model.main([str(bench.folder / "results" / "exp"), str(bench.folder / "b.zip")]) == 0
    said = capsys.readouterr().out
    assert re.search(r"bundle: .*b\.zip \(\d+(\.\d)? [kM]B\)", said)
    assert "keeps features of training recordings" in said and "nkululeko predict" in said
    assert export_model.main([str(bench.folder / "nowhere"), str(bench.folder / "c.zip")]) == 1
    assert "error: " in capsys.readouterr().err


def test_as_a_target_of_predict(bundle, bench):
    """A bundle does not say what it learned from: its score on labelled data comes with a warning."""
    from nkululeko import predict

    path = bench.ini(rest=f"[PREDICT]\ntargets = ['{bundle}']")
    found = predict.run(path)
    (column,) = [name for name in found.samples if name.endswith("_pred")]
    assert found.samples[column].notna().all()
    log = (bench.folder / "results" / "exp" / "predict_log.txt").read_text()
    assert "what 'exp' learned from is not kept with it" in log
