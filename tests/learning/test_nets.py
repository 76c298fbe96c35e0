"""Neural nets: what they learn, which epoch they keep, and what they say of data and options that do not fit."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from pydantic import ValidationError

from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import ModelContext, Scored, metrics, models
from nkululeko.learning.nets import goal
from nkululeko.learning.nets.options import ClassOptions, without_effect
from small_nets import SEQUENCES, VECTORS, melodies, net, noisy, xor

torch = pytest.importorskip("torch", reason="NOT TESTED: torch is not installed")


#: layers whose convolutions together see a course, not only three frames
DEEP = {"cnn": {"layers": (8, 8, 16)}, "cnn_reg": {"layers": (8, 8, 16)}}

# ---------------------------------------------------------------- learning


def test_mlp_learns_what_no_line_tells_apart():
    model = net("mlp", epochs=40)
    model.fit(*xor(200, 1))
    features, labels = xor(300, 2)
    assert (model.predict(features) == labels).mean() > 0.9


@pytest.mark.parametrize("name", ["cnn", "lstm"])
def test_sequences_are_told_apart_by_their_course(name):
    """Rising and falling melodies have the same mean, extremes and spread."""
    features, labels, _, shape = melodies()
    model = net(name, shape, epochs=15, options=DEEP.get(name))
    model.fit(features[:40], labels[:40])
    assert (model.predict(features[40:]) == labels[40:]).mean() > 0.9


@pytest.mark.parametrize("name", ["cnn_reg", "lstm_reg"])
def test_numbers_are_learned_from_sequences(name):
    features, _, slopes, shape = melodies()
    model = net(name, shape, epochs=20, options=DEEP.get(name))
    model.fit(features[:40], 100 * slopes[:40] + 1000)
    truth, prediction = 100 * slopes[40:] + 1000, model.predict(features[40:])
    assert metrics.load("ccc")().value(Scored(truth, prediction)) > 0.8


@pytest.mark.parametrize("loss", ["", "ccc", "1-ccc", "mse", "mae"])
def test_numbers_far_from_zero_are_learned_by_any_loss(loss):
    features = np.random.default_rng(3).normal(size=(120, 3))
    target = 15 * np.tanh(features[:, 0]) + 4 * features[:, 1] + 45  # as ages
    model = net("mlp_reg", epochs=30, loss=loss)
    model.fit(features[:90], target[:90])
    assert metrics.load("ccc")().value(Scored(target[90:], model.predict(features[90:]))) > 0.85


@pytest.mark.parametrize("loss", ["", "cross", "f1", "focal", "bce", "weighted_bce"])
def test_classes_are_learned_by_any_loss(loss):
    features, labels = xor(200, 4)
    model = net("mlp", epochs=30, loss=loss)
    model.fit(features, labels)
    scores = model.scores(features)
    assert (model.predict(features) == labels).mean() > 0.85
    np.testing.assert_allclose(scores.sum(axis=1), 1)
    assert (np.array(model.classes)[scores.argmax(axis=1)] == model.predict(features)).all()


@pytest.mark.parametrize("options", [
    {"optimizer": "adamw", "weight_decay": 0.01}, {"optimizer": "sgd", "learning_rate": 0.1},
    {"optimizer": "rmsprop", "momentum": 0.1, "learning_rate": 0.005}, {"scheduler": "cosine", "warmup_epochs": 2},
    {"activation": "gelu", "drop": 0.1}, {"activation": "tanh"}, {"layers": {"first": 16, "second": 8}},
    {"label_smoothing": 0.1}, {"batch_size": 1000, "learning_rate": 0.1},
])  # fmt: skip
def test_options_leave_it_able_to_learn(options):
    features, labels = xor(160, 5)
    model = net("mlp", epochs=30, options=options)
    model.fit(features, labels)
    assert (model.predict(features) == labels).mean() > 0.85


def test_three_classes_and_class_weights():
    generator = np.random.default_rng(6)
    counts = {"b": 160, "c": 20, "a": 20}
    features = np.concatenate([generator.normal(at, 1.2, (n, 2)) for at, n in enumerate(counts.values())])
    labels = np.repeat(list(counts), list(counts.values()))
    new = np.concatenate([generator.normal(at, 1.2, (100, 2)) for at in range(3)])
    truth = np.repeat(list(counts), 100)
    recalls = {}
    for weighted in (False, True):
        model = net("mlp", epochs=15, class_weight=weighted)
        model.fit(features, labels)
        recalls[weighted] = metrics.load("uar")().value(Scored(truth, model.predict(new), sorted(counts)))
    assert model.classes == ["a", "b", "c"]
    assert recalls[True] > recalls[False] + 0.03


def test_weights_of_classes_reach_the_loss():
    """n / (k n_c): three of a, one of b."""
    target = np.array(["a", "a", "a", "b"])
    context = ModelContext(class_weight=True)
    meant = goal.goal_of(target, context, "mlp")
    loss = goal.criterion(meant, meant.encoded(target), context, ClassOptions(), "cpu")
    outputs, truth = torch.randn(4, 2), torch.tensor([0, 0, 0, 1])
    expected = torch.nn.functional.cross_entropy(outputs, truth, weight=torch.tensor([4 / 6, 2.0]))
    torch.testing.assert_close(loss(outputs, truth), expected)


# ---------------------------------------------------------------- which epoch is kept


def test_the_best_epoch_is_kept():
    model = net("mlp", epochs=25)
    watched = noisy(80, 7)
    model.watch(*watched)
    model.fit(*noisy(60, 8))
    history = model.history()
    assert list(history.columns) == ["epoch", "train_loss", "watched_loss", "watched", "best"]
    assert history["epoch"].tolist() == list(range(1, 26))
    assert history["best"].sum() == 1
    ranked = history.sort_values(["watched", "watched_loss", "epoch"], ascending=[False, True, True])
    assert ranked["best"].iloc[0]
    assert ranked["epoch"].iloc[0] < 25, "these data must overfit, or the test says nothing"
    uar = metrics.load("uar")().value(Scored(watched[1], model.predict(watched[0]), model.classes))
    assert uar == history["watched"].max()


def test_the_measure_chooses_and_its_direction_counts():
    features, target = np.random.default_rng(9).normal(size=(60, 4)), np.linspace(0, 50, 60)
    model = net("mlp_reg", epochs=10, measure="mae")
    model.watch(features[:30], target[:30])
    model.fit(features[30:], target[30:])
    history = model.history()
    assert history["watched"][history["best"]].item() == history["watched"].min()
    assert history["watched"].min() == pytest.approx(
        np.abs(model.predict(features[:30]) - target[:30]).mean()
    )


def test_without_watched_data_the_last_epoch_is_kept():
    model = net("mlp", epochs=5)
    assert model.history() is None
    model.fit(*noisy(40, 10))
    history = model.history()
    assert history["best"].tolist() == [False] * 4 + [True]
    assert history["watched"].isna().all() and history["train_loss"].notna().all()


def test_patience_stops():
    model = net("mlp", epochs=200, options={"patience": 4})
    model.watch(*noisy(60, 11))
    model.fit(*noisy(60, 12))
    history = model.history()
    best = int(history["epoch"][history["best"]].item())
    assert len(history) == best + 4 < 200


def test_chance_is_not_beaten_by_watching():
    """Labels by chance: the epoch is chosen on the watched data, the test data stay at chance."""
    generator = np.random.default_rng(13)
    features, labels = generator.normal(size=(900, 5)), generator.choice(["a", "b"], 900)
    model = net("mlp", epochs=8)
    model.watch(features[:60], labels[:60])
    model.fit(features[60:160], labels[60:160])
    assert model.history()["watched"].max() > 0.5
    assert abs((model.predict(features[160:]) == labels[160:]).mean() - 0.5) < 0.07


def test_watched_samples_of_unknown_classes_are_left_out():
    features, labels = noisy(60, 14)
    extra = np.where(np.arange(60) % 3 == 0, "never seen", labels)
    histories = []
    for shown in ((features, extra), (features[extra != "never seen"], labels[extra != "never seen"])):
        model = net("mlp", epochs=3)
        model.watch(*shown)
        model.fit(*noisy(60, 15))
        histories.append(model.history())
    assert histories[0].equals(histories[1])
    model.watch(features, np.full(60, "never seen"))
    model.fit(*noisy(60, 15))
    assert model.history()["watched"].isna().all()


# ---------------------------------------------------------------- same file, same result


def test_chance_outside_changes_nothing_and_is_not_changed():
    results, features = [], noisy(50, 16)
    for outside in (1, 2):
        torch.manual_seed(outside)
        np.random.seed(outside)  # noqa: NPY002
        before, threads = torch.get_rng_state(), torch.get_num_threads()
        model = net("mlp", epochs=3, options={"drop": 0.5})
        model.fit(*features)
        results.append(model.scores(features[0]))
        assert torch.equal(torch.get_rng_state(), before)
        assert torch.get_num_threads() == threads
    np.testing.assert_array_equal(*results)
    other = net("mlp", epochs=3, options={"drop": 0.5}, seed=7)
    other.fit(*features)
    assert not np.array_equal(other.scores(features[0]), results[0])


def test_the_compiler_is_neither_imported_nor_in_the_way():
    """In a process of its own; afterwards the real compiler is there for whoever wants it."""
    code = """
import sys, numpy as np
from nkululeko.core.families import ModelContext, models
kind = models.load("mlp")
model = kind(kind.Options(optimizer="sgd", scheduler="step"), ModelContext(epochs=2))
model.fit(np.eye(4), np.array(["a", "b", "a", "b"]))
assert not [name for name in ("torch._dynamo", "skorch", "sklearn", "pandas") if name in sys.modules]
from nkululeko.learning.nets.backend import without_compiler
with without_compiler():
    import torch._dynamo
    assert torch._dynamo.__spec__ is None
    assert torch._dynamo.config.__name__ == "torch._dynamo.config"  # more than the stand-in has
import torch._dynamo
assert torch._dynamo.__spec__ is not None
assert torch._dynamo.is_compiling() is False
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


# ---------------------------------------------------------------- bad input


@pytest.mark.parametrize("name", [*VECTORS, *SEQUENCES])
def test_one_batch_of_all_where_the_data_are_few(name):
    features, labels, slopes, shape = melodies(6)
    features = np.nan_to_num(features) if name in VECTORS else features
    model = net(name, shape if name in SEQUENCES else None, epochs=2, options={"batch_size": 500})
    model.fit(features, slopes if name.endswith("_reg") else labels)
    assert len(model.predict(features)) == 6
    assert len(model.predict(features[:0])) == 0


@pytest.mark.parametrize(
    ("name", "context", "options", "message"),
    [
        ("mlp", {"loss": "mse"}, {}, "MODEL.loss: loss 'mse' is not for classification; expected one of: bce, cross"),
        ("mlp_reg", {"loss": "cross"}, {}, "loss 'cross' is not for regression; expected one of: ccc, mae, mse, pcc"),
        ("mlp", {"loss": "crosss"}, {}, "unknown loss 'crosss'; did you mean 'cross'?"),
        ("mlp", {"measure": "ccc"}, {}, "MODEL.measure: measure 'ccc' is not for classification; expected one of: acc"),
        ("mlp", {"device": "gpu"}, {}, "MODEL.device: there is no device 'gpu' here; expected one of: auto, cpu"),
        ("mlp", {"device": "cuda:99"}, {}, "there is no device 'cuda:99' here; expected one of: auto, cpu"),
        ("mlp_reg", {}, {"batch_size": 1}, "MODEL.batch_size: loss ccc needs batches of at least 2 samples"),
        ("mlp_reg", {"loss": "mse"}, {"learning_rate": 1e30, "optimizer": "sgd"}, "MODEL.learning_rate: training dive"),
        ("cnn", {}, {}, "model cnn needs sequences; set FEATS.type = spectra, or os with level = frame"),
        ("lstm_reg", {}, {}, "model lstm_reg needs sequences"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_told(name, context, options, message):
    features, labels = noisy(30, 17)
    target = features[:, 0] if name.endswith("_reg") else labels
    with pytest.raises(NkululekoError) as problem:
        net(name, epochs=3, options=options, **context).fit(features, target)
    assert message in str(problem.value)
    assert "\n" not in str(problem.value)


def test_data_that_do_not_fit_are_told():
    features, labels = noisy(30, 18)
    with pytest.raises(NkululekoError, match="all training samples are of one class, 'up'"):
        net("mlp").fit(features, np.full(30, "up"))
    with pytest.raises(NkululekoError, match="2 of 30 training samples have no number"):
        net("mlp_reg").fit(features, np.r_[np.nan, np.inf, features[2:, 0]])
    for bad in (np.nan, np.inf, 1e300):
        wrong = features.copy()
        wrong[[3, 5], 1] = bad
        with pytest.raises(NkululekoError, match=r"nan_strategy: 2 of 30 samples have missing or infinite"):
            net("mlp").fit(wrong, labels)
        model = net("mlp", epochs=1)
        model.fit(features, labels)
        with pytest.raises(NkululekoError, match="2 of 30 samples"):
            model.predict(wrong)
    with pytest.raises(NkululekoError, match="infinite"):
        net("cnn", (10, 1), epochs=1).fit(np.where(features > 1, np.inf, features), labels)
    with pytest.raises(NkululekoError, match="cannot weight samples"):
        net("mlp").fit(features, labels, np.ones(30))


def test_a_missing_package_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(
        NkululekoError, match=r'model mlp needs the package torch; pip install "nkululeko\[torch\]"'
    ):
        net("mlp").fit(*noisy(10, 19))


@pytest.mark.parametrize("wrong", [
    {"optimizer": "adagrad"}, {"activation": "softplus"}, {"scheduler": "cyclic"}, {"layers": ()}, {"layers": (64, 0)},
    {"layers": {"l1": -1}}, {"drop": 1.0}, {"batch_size": 0}, {"learning_rate": 0.0}, {"patience": 0},
    {"scheduler_gamma": 1.5}, {"validation_split": 100}, {"warmup_epochs": -1}, {"dropout": 0.1},
])  # fmt: skip
def test_wrong_options_are_refused(wrong):
    with pytest.raises(ValidationError):
        ClassOptions(**wrong)


def test_numbers_have_no_label_smoothing():
    assert "label_smoothing" not in models.load("mlp_reg").Options.model_fields
    assert "label_smoothing" in models.load("cnn").Options.model_fields


def test_options_without_effect_are_said(caplog):
    assert without_effect(ClassOptions()) == []
    assert without_effect(ClassOptions(**ClassOptions().model_dump())) == [], "as the pipeline hands them on"
    net("mlp", epochs=1, options={"momentum": 0.5, "scheduler_gamma": 0.1}).fit(*noisy(10, 20))
    said = [record.getMessage() for record in caplog.records]
    assert said == [
        "model mlp: momentum has no effect with optimizer = adam",
        "model mlp: scheduler.gamma has no effect with scheduler = none",
    ]
