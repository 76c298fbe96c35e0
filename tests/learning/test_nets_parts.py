"""The parts of neural nets: layers against PyTorch's own, batches, learning rates, devices, files."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from nkululeko.core.errors import NkululekoError
from nkululeko.learning.nets import backend, layers, tensors, training
from nkululeko.learning.nets.options import NetOptions
from small_nets import SEQUENCES, melodies, net

torch = pytest.importorskip("torch", reason="NOT TESTED: torch is not installed")


# ---------------------------------------------------------------- sequences


@pytest.mark.parametrize("name", SEQUENCES)
def test_padding_and_company_change_nothing(name):
    features, labels, slopes, (frames, columns) = melodies(40)
    model = net(name, (frames, columns), epochs=2, options={"layers": (8, 4)})
    model.fit(features, slopes if name.endswith("_reg") else labels)

    def answer(rows: np.ndarray) -> np.ndarray:
        scores = model.scores(rows)
        return model.predict(rows) if scores is None else scores

    together = answer(features)
    longer = np.full((40, (frames + 13) * columns), np.nan)
    longer[:, : frames * columns] = features
    np.testing.assert_allclose(answer(longer), together, atol=1e-5)
    np.testing.assert_allclose(answer(features[::-1])[::-1], together, atol=1e-5)
    alone = np.concatenate([answer(row[None]) for row in features[:10]])
    np.testing.assert_allclose(alone, together[:10], atol=1e-5)
    assert np.ptp(together, axis=0).max() > 1e-3, "all the same would prove nothing"


def test_lstm_is_that_of_pytorch_with_packed_sequences():
    plan = layers.Architecture(inputs=3, outputs=2, layers=(5,), drop=0.0, activation="relu")
    mine = layers.recurrence(plan).eval()
    twin = torch.nn.LSTM(3, 5, batch_first=True, bidirectional=True)
    ways = {"": mine.there[0], "_reverse": mine.back[0]}
    own = {f"{name}{way}": value for way, lstm in ways.items() for name, value in lstm.state_dict().items()}
    twin.load_state_dict(own)
    lengths, sequences = torch.tensor([7, 2, 5]), torch.randn(3, 7, 3)
    packed = torch.nn.utils.rnn.pack_padded_sequence(
        sequences, lengths, batch_first=True, enforce_sorted=False
    )
    hidden, _ = torch.nn.utils.rnn.pad_packed_sequence(twin(packed)[0], batch_first=True)
    pooled = []
    for row, length in zip(hidden, lengths.tolist(), strict=True):
        frames = row[:length]
        pooled.append((mine.attention(frames).softmax(dim=0) * frames).sum(dim=0))
    expected = mine.output(torch.relu(torch.stack(pooled)))
    torch.testing.assert_close(mine(sequences, lengths), expected)


def test_cnn_is_that_of_one_sequence_after_the_other():
    """Without any padding, through PyTorch's own functions."""
    plan = layers.Architecture(inputs=5, outputs=2, layers=(4, 6), drop=0.0, activation="relu")
    mine = layers.convolutions(plan).eval()
    lengths, sequences = torch.tensor([9, 1, 6]), torch.randn(3, 9, 5)
    sequences = sequences * tensors.valid_frames(lengths, sequences)[:, :, None]
    expected = []
    for sequence, length in zip(sequences, lengths.tolist(), strict=True):
        image = sequence[None, None, :length]
        for layer in mine.hidden:
            image = torch.relu(
                torch.nn.functional.conv2d(image, layer.weight, layer.bias, stride=2, padding=1)
            )
        frames = image[0].transpose(0, 1).flatten(1)
        expected.append(mine.output(torch.cat([frames.mean(dim=0), frames.amax(dim=0)])))
    torch.testing.assert_close(mine(sequences, lengths), torch.stack(expected))


def test_columns_are_standardised_over_the_frames_that_there_are():
    features, _, _, shape = melodies(30)
    sequences = features.reshape(30, *shape)
    scale = tensors.fit_scale(sequences)
    np.testing.assert_allclose(scale.center, np.nanmean(sequences, axis=(0, 1)))
    np.testing.assert_allclose(scale.spread, np.nanstd(sequences, axis=(0, 1)))
    sequences[3, 4, 1] = np.nan  # a gap within
    sequences[5] = np.nan  # nothing at all
    inputs = tensors.sequence_inputs(sequences, scale, "cpu")
    assert inputs.values[3, 4, 1] == 0
    assert inputs.lengths[5] == 1 and not inputs.values[5].any()
    assert inputs.lengths[0] == (~np.isnan(sequences[0])).all(axis=1).sum()
    constant = tensors.fit_scale(np.full((4, 5, 2), 1e6 + 0.1))
    assert constant.spread.tolist() == [1, 1]


@pytest.mark.parametrize("name", ["cnn", "lstm"])
def test_a_sequence_of_nothing_gets_an_answer(name):
    features, labels, _, shape = melodies(20)
    features[0] = np.nan
    model = net(name, shape, epochs=1)
    model.fit(features, labels)
    assert np.isfinite(model.scores(features)).all()


@pytest.mark.parametrize("lengths", [None, torch.arange(1, 102)])
def test_batches_hold_every_sample_once(lengths):
    drawn = torch.Generator().manual_seed(1)
    first, second = (training.batches(101, 8, lengths, drawn) for _ in range(2))
    for found in (first, second):
        assert sorted(torch.cat(found).tolist()) == list(range(101))
        assert max(map(len, found)) <= 8 and min(map(len, found)) >= 4
    assert torch.cat(first).tolist() != torch.cat(second).tolist()
    if lengths is not None:
        spans = [int(np.ptp(rows.numpy())) for rows in first]
        assert np.mean(spans) < 45, "of similar length, not of any"


# ---------------------------------------------------------------- learning rate


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, [1, 1, 1, 1, 1, 1]),
        ({"scheduler": "exponential"}, [1, 0.95, 0.95**2, 0.95**3, 0.95**4, 0.95**5]),
        ({"scheduler": "step", "scheduler_step_size": 2}, [1, 1, 0.5, 0.5, 0.25, 0.25]),
        ({"scheduler": "step", "scheduler_step_size": 3, "scheduler_gamma": 0.1}, [1, 1, 1, 0.1, 0.1, 0.1]),
        ({"scheduler": "cosine"}, [(1 + math.cos(math.pi * n / 6)) / 2 for n in range(6)]),
        ({"warmup_epochs": 3}, [0.25, 0.5, 0.75, 1, 1, 1]),
        (
            {"warmup_epochs": 2, "scheduler": "exponential", "scheduler_gamma": 0.5},
            [1 / 3, 2 / 3, 1, 0.5, 0.25, 0.125],
        ),
        ({"scheduler": "plateau", "scheduler_step_size": 1}, [1, 1, 1, 0.5, 0.5, 0.25]),
    ],
)
def test_learning_rate_of_each_epoch(options, expected):
    chosen = NetOptions(learning_rate=0.4, optimizer="sgd", **options)
    optimizer = training.optimizer_of(torch.nn.Linear(1, 1), chosen)
    after = training.rate_of_epochs(optimizer, chosen, epochs=6)
    rates = []
    for epoch in range(1, 7):
        rates.append(optimizer.param_groups[0]["lr"] / 0.4)
        optimizer.step()
        after(epoch, 1.0)  # a loss that makes no progress
    assert rates == pytest.approx(expected)


# ---------------------------------------------------------------- device, files


def test_auto_is_the_cpu_or_the_first_gpu():
    assert backend.device_of("auto") == ("cuda:0" if torch.cuda.is_available() else "cpu")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="NOT TESTED: no GPU here")
@pytest.mark.parametrize("name", ["mlp", "cnn", "lstm"])
def test_a_gpu_learns_the_same_task_and_its_file_is_read_without_one(name, tmp_path):
    features, labels, _, shape = melodies()
    features = np.nan_to_num(features) if name == "mlp" else features
    model = net(name, None if name == "mlp" else shape, epochs=15, device="cuda")
    model.watch(features[40:], labels[40:])
    model.fit(features[:40], labels[:40])
    model.save(tmp_path)
    twin = net(name, model.context.shape, device="cpu")
    twin.restore(tmp_path)
    np.testing.assert_allclose(twin.scores(features), model.scores(features), atol=1e-3)


@pytest.fixture(params=["mlp", "lstm"])
def saved(request, tmp_path):
    features, labels, _, shape = melodies(20)
    features = np.nan_to_num(features) if request.param == "mlp" else features
    model = net(request.param, None if request.param == "mlp" else shape, epochs=1)
    model.fit(features, labels)
    model.save(tmp_path)
    return model, tmp_path, features


def test_files_hold_all_that_the_options_said(saved):
    """Restored with other options: the layers are those of the file."""
    model, folder, features = saved
    assert sorted(path.name for path in folder.iterdir()) == ["net.json", "net.safetensors"]
    kind = type(model)
    twin = kind(kind.Options(layers=(3, 3, 3)), replace(model.context, device="cpu"))
    state = torch.get_rng_state()
    twin.restore(folder)
    assert torch.equal(torch.get_rng_state(), state)
    np.testing.assert_array_equal(twin.scores(features), model.scores(features))
    assert twin.classes == ["falling", "rising"]


def broken(folder, **changes) -> None:
    about = json.loads((folder / "net.json").read_text())
    for path, value in changes.items():
        part, _, key = path.partition("__")
        if key:
            about[part][key] = value
        else:
            about[part] = value
    (folder / "net.json").write_text(json.dumps(about))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": 99}, "has format 99"),
        ({"plan": 3}, "is not complete or not of ours"),
        ({"plan__layers": [10**6, 10**6]}, "does not hold what net.json describes"),
        ({"plan__layers": [True]}, "is not complete or not of ours"),
        ({"plan__layers": "16"}, "is not complete or not of ours"),
        ({"plan__activation": "__class__"}, "unknown activation '__class__'"),
        ({"plan__drop": "no"}, "is not complete or not of ours"),
        ({"plan__more": 1}, "is not complete or not of ours"),
        ({"goal__labels": ["a", "b", "c"]}, "does not hold what net.json describes"),
        ({"goal": {}}, "is not complete or not of ours"),
    ],
)
def test_files_that_are_not_ours_are_refused(saved, changes, message):
    model, folder, _ = saved
    broken(folder, **changes)
    with pytest.raises(NkululekoError, match=message):
        type(model)(context=model.context).restore(folder)


def test_broken_weights_are_refused(saved):
    from safetensors.numpy import load_file, save_file

    model, folder, _ = saved
    path = folder / "net.safetensors"
    twin, good = type(model)(context=model.context), load_file(path)
    save_file({name: value.astype(np.float64) for name, value in good.items()}, path)
    with pytest.raises(NkululekoError, match="does not hold"):
        twin.restore(folder)
    save_file({name: value for name, value in good.items() if "output" not in name}, path)
    with pytest.raises(NkululekoError, match="does not hold"):
        twin.restore(folder)
    path.write_bytes(b"\x80\x04K\x01.")
    with pytest.raises(NkululekoError, match="not a file of safetensors"):
        twin.restore(folder)
    path.unlink()
    with pytest.raises(NkululekoError, match="the file is missing"):
        twin.restore(folder)
