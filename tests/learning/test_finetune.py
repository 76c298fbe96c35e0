"""Fine-tuning: it learns, from watched data it chooses, it goes on after a kill, and what it saves is what it was."""

from __future__ import annotations

import json
import logging
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from checkpoints import make_checkpoint
from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import ModelContext, Recordings, features, models
from nkululeko.learning.pipeline import Part, Pipeline, Recipe

torch = pytest.importorskip("torch", reason="NOT TESTED: torch is not installed")
pytest.importorskip("transformers", reason="NOT TESTED: transformers is not installed")
pytest.importorskip("accelerate", reason="NOT TESTED: accelerate is not installed")

from nkululeko.learning.finetuning import module as modules  # noqa: E402
from nkululeko.learning.finetuning import training  # noqa: E402
from nkululeko.learning.finetuning.sound import Sounds, outputs_of  # noqa: E402
from nkululeko.pretrained import network as networks  # noqa: E402
from nkululeko.pretrained.checkpoint import Asker, open_checkpoint  # noqa: E402

RATE = 16000
KINDS = ["wav2vec", "wav2vec-group", "hubert", "wavlm", "whisper", "ast"]
ASKER = Asker("the test", "MODEL.pretrained_model", "MODEL.device")


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    base = tmp_path_factory.mktemp("checkpoints")
    return {kind: make_checkpoint(kind, base / kind) for kind in KINDS}


def few(corpus: tuple[Part, Recordings]) -> tuple[Part, Recordings]:
    """A few segments, where what is learned does not matter."""
    return corpus[0].take(np.arange(12)), corpus[1]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> tuple[Part, Recordings]:
    """Quiet low tones and loud high ones of eight speakers, 0.3 to 0.9 s long, two segments a file."""
    folder = tmp_path_factory.mktemp("tones")
    rng = np.random.default_rng(3)
    rows, labels, speakers, files = [], [], [], []
    for number in range(24):
        place = folder / f"{number}.wav"
        parts = []
        for high in (False, True):
            length = int(rng.integers(5000, 14000))
            tone = (0.5 if high else 0.05) * np.sin(np.arange(length) * (1.2 if high else 0.1))
            start = sum(map(len, parts)) / RATE
            parts.append(tone + 0.01 * rng.normal(size=length))
            rows.append((number, start, start + length / RATE))
            labels.append("high" if high else "low")
            speakers.append(f"s{number % 8}")
        soundfile.write(place, np.concatenate(parts), RATE)
        files.append(str(place))
    contents = tuple(f"{number:032x}" for number in range(len(files)))
    part = Part(np.array(rows), np.array(labels, dtype=object), np.array(speakers, dtype=object))
    return part, Recordings(tuple(files), contents)


def read(folder: Path) -> networks.Network:
    found = open_checkpoint(str(folder), tuple(networks.KINDS), ASKER, {})
    return networks.read_network(found, "cpu", "float32", ASKER)


def recipe(network: Path, recordings: Recordings, task: str = "classification", **more: Any) -> Recipe:
    context = {name: more.pop(name) for name in ("epochs", "folder", "seed", "measure") if name in more}
    balancing = more.pop("balancing", "")
    options = {
        "pretrained_model": str(network),
        "learning_rate": 0.005,
        "head_layers": (16,),
        "drop": 0.0,
    } | more
    told = ModelContext(task, recordings=recordings, **({"epochs": 4} | context))  # type: ignore[arg-type]
    return Recipe("finetune", options, told, balancing=balancing)


def fitted(network: Path, corpus: tuple[Part, Recordings], **more: Any) -> Pipeline:
    part, recordings = corpus
    made = Pipeline(recipe(network, recordings, **more), ["file", "start", "end"])
    made.fit(part.features, part.target, part.groups)
    return made


@pytest.mark.parametrize("kind", ["wav2vec", "ast"])
def test_it_learns_and_chooses_the_epoch_on_speakers_that_it_holds_out(folders, corpus, kind):
    pipeline = fitted(folders[kind], corpus, epochs=8)
    part, _ = corpus
    assert (pipeline.predict(part.features) == part.target).mean() > 0.9
    scores = pipeline.scores(part.features)
    assert scores is not None and scores.shape == (48, 2) and np.allclose(scores.sum(1), 1)
    history = pipeline.model.history()
    assert history is not None and list(history["epoch"]) == list(range(1, 9))
    best = history.loc[history["best"]].iloc[0]
    assert best["watched"] == history["watched"].max() and history["best"].sum() == 1
    assert any("held out from the training set" in line for line in pipeline.decided)


def test_the_chosen_epoch_is_the_one_that_is_kept(folders, corpus):
    """Watched data whose labels are the wrong way round: the best epoch is the one that has learned least."""
    part, recordings = corpus
    turned = np.where(part.target == "low", "high", "low").astype(object)
    made = Pipeline(recipe(folders["wav2vec"], recordings, epochs=8))
    made.fit(part.features, part.target, part.groups, Part(part.features, turned, part.groups))
    history = made.model.history()
    assert history is not None
    best = history.loc[history["best"], "watched"].iloc[0]
    recalls = [(made.predict(part.features)[turned == label] == label).mean() for label in ("high", "low")]
    assert np.mean(recalls) == pytest.approx(best)
    assert history["watched"].iloc[-1] < best


def test_early_stopping(folders, corpus):
    part, recordings = corpus
    turned = np.where(part.target == "low", "high", "low").astype(object)
    made = Pipeline(recipe(folders["wav2vec"], recordings, epochs=30, patience=2))
    made.fit(part.features, part.target, part.groups, Part(part.features, turned, part.groups))
    history = made.model.history()
    assert history is not None and len(history) < 30
    assert len(history) == history.loc[history["best"], "epoch"].iloc[0] + 2


def test_numbers(folders, corpus):
    part, recordings = corpus
    values = np.where(part.target == "low", 20.0, 60.0)
    made = Pipeline(recipe(folders["wav2vec"], recordings, "regression", epochs=10))
    made.fit(part.features, values, part.groups)
    prediction = made.predict(part.features)
    assert np.corrcoef(prediction, values)[0, 1] > 0.8 and prediction.min() > 0 and prediction.max() < 90
    assert made.scores(part.features) is None


@pytest.mark.parametrize(
    ("kind", "lora"),
    [(kind, False) for kind in KINDS] + [(kind, True) for kind in ("wavlm", "whisper", "ast")],
)
def test_what_is_saved_is_what_it_was(folders, corpus, tmp_path, kind, lora):
    corpus = few(corpus)
    if lora:
        pytest.importorskip("peft", reason="NOT TESTED: peft is not installed")
    pipeline = fitted(folders[kind], corpus, epochs=1, lora=lora, pooling=("mean", "std", "max", "attention"))
    part, recordings = corpus
    pipeline.save(tmp_path)
    text = (tmp_path / "pipeline.json").read_text()
    assert recordings.files[0] not in text and "recordings" not in text
    again = Pipeline.load(tmp_path)
    again.model.listen_to(recordings)
    assert not any(path.suffix in (".bin", ".pt", ".pkl") for path in tmp_path.rglob("*"))
    np.testing.assert_allclose(again.scores(part.features), pipeline.scores(part.features), atol=1e-6)
    assert again.predict(part.features).tolist() == pipeline.predict(part.features).tolist()


def test_the_trained_network_can_be_used_as_an_extractor(folders, corpus, tmp_path):
    corpus = few(corpus)
    pipeline = fitted(folders["wav2vec"], corpus, epochs=1)
    pipeline.save(tmp_path / "models")
    signal = np.sin(np.arange(16000) * 0.3).astype(np.float32)
    plugin = features.load("wav2vec")
    made = {}
    for name in (folders["wav2vec"], tmp_path, tmp_path / "models" / "model" / "network"):
        made[name] = plugin(plugin.Options(model=str(name))).extract(signal, RATE)
    before, *after = made.values()
    np.testing.assert_array_equal(*after)
    assert np.abs(before - after[0]).max() > 1e-3


@pytest.mark.parametrize("kind", KINDS)
def test_outputs_do_not_depend_on_the_company(folders, corpus, kind):
    corpus = few(corpus)
    part, recordings = corpus
    network = read(folders[kind])
    head = modules.Head(32, 3, (8,), ("mean", "std", "max", "attention"))
    torch.manual_seed(1)
    module = modules.build(network, head).eval()
    sounds = Sounds(part.features, recordings, network, 8.0)
    together, alone = outputs_of(module, sounds, 16), outputs_of(module, sounds, 1)
    np.testing.assert_allclose(together, alone, atol=1e-4)


def test_pooling_equals_numpy():
    rng = np.random.default_rng(2)
    hidden, counts = rng.normal(size=(3, 9, 4)).astype(np.float32), [9, 5, 1]
    valid = torch.arange(9)[None] < torch.tensor(counts)[:, None]
    top: Any = modules.build_head(
        modules.Head(4, 2, (), modules_pooling := ("mean", "std", "max", "attention"), 0.0)
    )
    assert len(modules_pooling) == 4
    weight, bias = top.attention.weight.detach().numpy()[0], top.attention.bias.item()
    for row, count in enumerate(counts):
        frames = hidden[row, :count]
        shares = np.exp(frames @ weight + bias)
        expected = {
            "mean": frames.mean(0), "std": np.sqrt(frames.var(0) + 1e-7), "max": frames.max(0),
            "attention": (shares / shares.sum()) @ frames,
        }  # fmt: skip
        for how, value in expected.items():
            found = top.pooled(how, torch.from_numpy(hidden), valid)[row].detach().numpy()
            np.testing.assert_allclose(found, value, atol=1e-5, err_msg=how)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_frozen_stays(folders, corpus, kind):
    corpus = few(corpus)
    pipeline = fitted(folders[kind], corpus, epochs=1, freeze_layers=2)
    before = read(folders[kind])
    after = pipeline.model._tuned.network  # type: ignore[attr-defined]
    layers = [modules.transformer_layers(each.model) for each in (before, after)]
    assert len(layers[0]) == 3

    def moved(number: int) -> float:
        pairs = zip(layers[0][number].parameters(), layers[1][number].parameters(), strict=True)
        return max((first - second).abs().max().item() for first, second in pairs)

    assert moved(0) == moved(1) == 0 < moved(2)
    firsts = [next(iter(each.model.state_dict().values())) for each in (before, after)]
    assert torch.equal(*firsts)


def test_lora_trains_few_numbers_and_leaves_a_plain_network(folders, corpus):
    corpus = few(corpus)
    pytest.importorskip("peft", reason="NOT TESTED: peft is not installed")
    pipeline = fitted(folders["wav2vec"], corpus, epochs=1, lora=True, lora_rank=2)
    network = pipeline.model._tuned.network  # type: ignore[attr-defined]
    assert type(network.model).__name__ == "Wav2Vec2Model"
    assert not any("lora" in name for name in network.model.state_dict())
    plain = read(folders["wav2vec"])
    moved = {
        name
        for name, value in plain.model.state_dict().items()
        if not torch.equal(value, network.model.state_dict()[name])
    }
    assert moved and all("q_proj.weight" in name or "v_proj.weight" in name for name in moved)


def test_too_many_layers(folders, corpus):
    with pytest.raises(NkululekoError, match="there are 3 layers in the network, not 4"):
        fitted(folders["wav2vec"], corpus, freeze_layers=4)


class Killed(BaseException):
    """In the place of a signal that ends the process."""


def test_a_training_that_was_killed_goes_on_where_it_stopped(folders, corpus, tmp_path, monkeypatch, caplog):
    whole = fitted(folders["wav2vec"], corpus, epochs=4, drop=0.2, folder=str(tmp_path / "whole"))
    known = training._counting

    def killing(hf: Any, advance: Any) -> Any:
        counting = known(hf, advance)
        ended = counting.on_epoch_end

        def on_epoch_end(args: Any, state: Any, control: Any, **more: Any) -> None:
            if state.epoch >= 3:
                raise Killed
            ended(args, state, control, **more)

        counting.on_epoch_end = on_epoch_end
        return counting

    broken = tmp_path / "broken"
    with monkeypatch.context() as patch:
        patch.setattr(training, "_counting", killing)
        with pytest.raises(Killed):
            fitted(folders["wav2vec"], corpus, epochs=4, drop=0.2, folder=str(broken))
    (waiting,) = (broken / "training").iterdir()
    (waiting / "checkpoint-999").mkdir()  # one that was being written when the power went
    with caplog.at_level(logging.INFO, "nkululeko"):
        resumed = fitted(folders["wav2vec"], corpus, epochs=4, drop=0.2, folder=str(broken))
    assert "going on with an interrupted training, after epoch 2" in caplog.text
    part, _ = corpus
    np.testing.assert_allclose(resumed.scores(part.features), whole.scores(part.features), atol=1e-5)
    first, second = whole.model.history(), resumed.model.history()
    assert first is not None and second is not None
    np.testing.assert_allclose(first["train_loss"], second["train_loss"], rtol=1e-4)


def test_another_training_begins_anew(folders, corpus, tmp_path, caplog):
    corpus = few(corpus)
    part, recordings = corpus
    fitted(folders["wav2vec"], corpus, epochs=2, folder=str(tmp_path))
    changed = replace(recordings, contents=("f" * 32, *recordings.contents[1:]))
    with caplog.at_level(logging.INFO, "nkululeko"):
        for corpus_, more in (
            ((part, changed), {}), (corpus, {"learning_rate": 0.001}), (corpus, {"seed": 1}),
            ((replace(part, target=part.target[::-1]), recordings), {}),
        ):  # fmt: skip
            fitted(folders["wav2vec"], corpus_, **{"epochs": 2, "folder": str(tmp_path)} | more)
        assert "interrupted" not in caplog.text
    assert len(list((tmp_path / "training").iterdir())) == 5


def test_logs_can_be_read_by_tensorboard(folders, corpus, tmp_path):
    corpus = few(corpus)
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    pipeline = fitted(folders["wav2vec"], corpus, epochs=2, folder=str(tmp_path))
    (folder,) = (tmp_path / "tensorboard").iterdir()
    events = accumulator.EventAccumulator(str(folder))
    events.Reload()
    logged = [event.value for event in events.Scalars("eval/watched")]
    history = pipeline.model.history()
    assert history is not None
    np.testing.assert_allclose(logged, history["watched"], atol=1e-6)


def test_the_same_seed_the_same_numbers_and_no_trace_in_other_generators(folders, corpus):
    state, drawn = np.random.get_state()[1], torch.random.get_rng_state()  # noqa: NPY002
    first, second = (fitted(folders["wav2vec"], corpus, epochs=1, drop=0.3) for _ in range(2))
    part, _ = corpus
    np.testing.assert_array_equal(first.scores(part.features), second.scores(part.features))
    np.testing.assert_array_equal(state, np.random.get_state()[1])  # noqa: NPY002
    assert torch.equal(drawn, torch.random.get_rng_state())
    other = fitted(folders["wav2vec"], corpus, epochs=1, drop=0.3, seed=5)
    assert (
        np.abs(np.asarray(other.scores(part.features)) - np.asarray(first.scores(part.features))).max() > 1e-4
    )


def test_balancing_repeats_segments(folders, corpus):
    part, recordings = corpus
    few = part.take(np.flatnonzero((part.target == "low") | (np.arange(48) % 4 == 1)))
    made = Pipeline(recipe(folders["wav2vec"], recordings, epochs=1, balancing="ros"))
    made.fit(few.features, few.target, few.groups, part)
    assert any("balancing (ros): 36 training samples became 48" in note for note in made.notes)
    made = Pipeline(recipe(folders["wav2vec"], recordings, epochs=1, balancing="smote"))
    with pytest.raises(
        NkululekoError, match="makes up or compares features, and there are none; set it to ros"
    ):
        made.fit(few.features, few.target, few.groups, part)


def test_memory_that_does_not_suffice(folders, corpus, monkeypatch, caplog):
    known = training._once
    full = {1}

    def small(*args: Any) -> Any:  # a card whose memory is full is nothing that a test can have
        if args[-1] in full:
            raise torch.OutOfMemoryError("full")
        return known(*args)

    monkeypatch.setattr(training, "_once", small)
    with caplog.at_level(logging.WARNING, "nkululeko"):
        fitted(folders["wav2vec"], corpus, epochs=1, batch_size=8)
    assert "memory does not suffice for batches of 8: in halves" in caplog.messages
    full.add(2)
    with pytest.raises(
        NkululekoError, match=r"for batches of 4; set MODEL.batch_size = 2, a smaller max_duration"
    ):
        fitted(folders["wav2vec"], corpus, epochs=1, batch_size=8)


def test_only_the_beginning_is_heard(folders, corpus, caplog):
    part, _ = corpus
    with caplog.at_level(logging.WARNING, "nkululeko"):
        pipeline = fitted(folders["wav2vec"], corpus, epochs=1, max_duration=0.4)
    assert "training samples are longer than 0.4 s" in caplog.text
    shorter = part.features.copy()
    shorter[:, 2] = np.minimum(shorter[:, 2], shorter[:, 1] + 0.4)
    np.testing.assert_array_equal(pipeline.scores(part.features), pipeline.scores(shorter))


def test_segments_too_short_to_be_masked_are_learned_from(folders, corpus):
    part, recordings = corpus
    short = part.features.copy()
    short[:, 2] = short[:, 1] + 0.05
    fitted(folders["wav2vec"], (replace(part, features=short), recordings), epochs=1)


def test_files_that_are_broken_or_not_ours(folders, corpus, tmp_path):
    corpus = few(corpus)
    pipeline = fitted(folders["wav2vec"], corpus, epochs=1)
    pipeline.save(tmp_path / "whole")
    about = json.loads((tmp_path / "whole" / "model" / "head.json").read_text())

    def refused(change: Any) -> str:
        shutil.rmtree(tmp_path / "broken", ignore_errors=True)
        shutil.copytree(tmp_path / "whole", tmp_path / "broken")
        change(tmp_path / "broken" / "model")
        with pytest.raises(NkululekoError) as caught:
            Pipeline.load(tmp_path / "broken")
        return str(caught.value)

    assert "has format 99" in refused(
        lambda f: (f / "head.json").write_text(json.dumps(about | {"format": 99}))
    )
    assert "not complete or not of ours" in refused(lambda f: (f / "head.json").write_text('{"format": 1}'))
    assert "the file is missing" in refused(lambda f: (f / "head.safetensors").unlink())
    assert "does not hold what" in refused(lambda f: (f / "head.safetensors").write_bytes(b"x"))
    assert "has no weights" in refused(lambda f: (f / "network" / "model.safetensors").unlink())
    wide = about | {"head": about["head"] | {"layers": [17]}}
    assert "does not hold what" in refused(lambda f: (f / "head.json").write_text(json.dumps(wide)))


def test_the_model_says_how_short_a_segment_may_be(folders):
    kind = models.load("finetune")
    made: Any = kind(kind.Options(pretrained_model=str(folders["wav2vec"])))  # type: ignore[call-arg]
    assert made.shortest() == pytest.approx(400 / RATE)
    with pytest.raises(NkululekoError, match=r"MODEL.pretrained_model: there is no folder '/nowhere'"):
        kind(kind.Options(pretrained_model="/nowhere")).shortest()  # type: ignore[call-arg]
