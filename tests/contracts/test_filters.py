"""Every filter: an answer a row, a reason, the same for the same seed, whatever the order of the rows."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

from nkululeko.audio.read import read_segment, resample
from nkululeko.core import samples as contract
from nkululeko.core.families import FilterContext, features, filters
from nkululeko.testing.speech import SENTENCES, VOICES, style, synthesise

RATE = 16000
#: a value for each filter at which some rows of :func:`rows_of` go and some stay; a new filter is named here
VALUES: dict[str, Any] = {
    "filter": {"gender": "female"},
    "required": "gender",
    "limit_samples": 3,
    "limit_samples_per_speaker": 1,
    "min_duration_of_sample": 0.4,
    "max_duration_of_sample": 0.6,
    "check_size": 20_000,
    "check_vad": True,
}
#: number of the file, start and end in s, speaker, gender
ROWS: list[tuple[int, float, float, str | None, str | None]] = [
    (0, 0.0, 1.0, "a", "female"), (0, 0.2, 0.6, "a", "female"), (0, 0.0, 0.6, "a", None),
    (1, 0.0, 1.0, "b", "male"), (1, 0.1, 0.9, "b", "male"), (1, 0.3, 0.6, "b", "female"),
    (2, 0.0, 0.5, None, "female"), (2, 0.0, 0.4, "c", "male"), (2, 0.1, 0.2, "c", ""),
]  # fmt: skip


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """One of speech, one of silence, one of half a second of noise."""
    import soundfile

    folder = tmp_path_factory.mktemp("filters")
    signals = {
        "speech": synthesise(VOICES[0], style("neutral"), SENTENCES[0], seed=1)[:RATE],
        "silence": np.zeros(RATE, dtype=np.float32),
        "noise": 0.01 * np.random.default_rng(0).normal(size=RATE // 2),
    }
    for name, signal in signals.items():
        soundfile.write(folder / f"{name}.wav", signal, RATE)
    return [str(folder / f"{name}.wav") for name in signals]


def rows_of(files: list[str], numbers: list[int]) -> pd.DataFrame:
    chosen = [ROWS[number] for number in numbers]
    index = contract.segmented_index(
        [files[row[0]] for row in chosen],
        pd.to_timedelta([row[1] for row in chosen], unit="s"),
        pd.to_timedelta([row[2] for row in chosen], unit="s"),
    )
    columns = {
        "database": pd.Series(["db"] * len(chosen), dtype="str"),
        "speaker": pd.Series([row[3] for row in chosen], dtype="str"),
        "gender": pd.Series([row[4] for row in chosen], dtype="str"),
    }
    return pd.DataFrame({name: column.to_numpy() for name, column in columns.items()}, index=index).astype(
        "str"
    )


@cache
def _vector(name: str, file: str, start: float, end: float) -> np.ndarray:
    extractor = features.load(name)()
    signal, rate = read_segment(file, start, end)
    return extractor.extract(resample(signal, rate, extractor.sampling_rate), extractor.sampling_rate or rate)


def measure(name: str, index: pd.MultiIndex) -> pd.DataFrame:
    """As the step of extraction does it, without store and workers."""
    assert index.is_unique, "a segment is measured once"
    spans = zip(
        index.get_level_values("file"),
        contract.seconds(index, "start"),
        contract.seconds(index, "end"),
        strict=True,
    )
    vectors = [_vector(name, file, start, end) for file, start, end in spans]
    columns = features.load(name)().names()
    return pd.DataFrame(np.reshape(vectors, (len(index), len(columns))), index=index, columns=columns)


def keep(name: str, samples: pd.DataFrame, seed: int = 42) -> tuple[np.ndarray, str]:
    context = FilterContext("db", seed, contract.speaker_keys(samples), measure)
    before = samples.copy()
    stays, reason = filters.load(name)().keep(samples, VALUES[name], context)
    pd.testing.assert_frame_equal(samples, before)
    assert isinstance(stays, np.ndarray) and stays.dtype == bool and stays.shape == (len(samples),)
    assert isinstance(reason, str) and reason.strip() == reason != "" and "\n" not in reason
    return stays, reason


def test_all_filters_are_checked() -> None:
    assert set(filters.names()) == set(VALUES)


needs_runtime = pytest.mark.skipif(
    find_spec("onnxruntime") is None, reason="NOT TESTED: onnxruntime is not installed"
)
each = pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[needs_runtime] if name == "check_vad" else []) for name in filters.names()],
)

#: rows may stand twice: the same recording in two databases
numbers = st.lists(st.integers(0, len(ROWS) - 1), max_size=12)
shuffled = st.permutations(list(range(len(ROWS))))
seeds = st.integers(0, 2**32 - 1)


@each
def test_it_says_what_it_is(name: str) -> None:
    plugin = filters.load(name)()
    assert plugin.summary and plugin.looks_at in ("columns", "audio", "count")
    assert plugin.plugin_name() == name


@each
def test_some_go_and_some_stay(name: str, files: list[str]) -> None:
    stays, _ = keep(name, rows_of(files, list(range(len(ROWS)))))
    assert 0 < stays.sum() < len(ROWS)


@each
def test_no_rows(name: str, files: list[str]) -> None:
    stays, _ = keep(name, rows_of(files, []))
    assert stays.tolist() == []


@each
@settings(max_examples=12, deadline=None)
@given(numbers=numbers.filter(lambda rows: any(ROWS[row][4] == "female" for row in rows)), seed=seeds)
def test_same_seed_same_answer(name: str, files: list[str], numbers: list[int], seed: int) -> None:
    samples = rows_of(files, numbers)
    first, reason = keep(name, samples, seed)
    again, same_reason = keep(name, samples, seed)
    assert first.tolist() == again.tolist() and reason == same_reason


@each
@settings(max_examples=12, deadline=None)
@given(order=shuffled, seed=seeds)
def test_the_order_of_the_rows_is_of_no_meaning(
    name: str, files: list[str], order: list[int], seed: int
) -> None:
    straight, _ = keep(name, rows_of(files, sorted(order)), seed)
    mixed, _ = keep(name, rows_of(files, order), seed)
    assert mixed.tolist() == straight[order].tolist()


@each
@settings(max_examples=12, deadline=None)
@given(order=shuffled, size=st.integers(1, len(ROWS)), seed=seeds)
def test_those_that_stay_stay(name: str, files: list[str], order: list[int], size: int, seed: int) -> None:
    """Filtering what was filtered leaves nothing out."""
    samples = rows_of(files, [0, *order[:size]])
    kept = samples[keep(name, samples, seed)[0]]
    if len(kept):
        assert keep(name, kept, seed)[0].all()


@each
def test_however_the_index_was_made(name: str, files: list[str]) -> None:
    """An index may hold the different values of its levels in any order, and values that no row has."""
    samples = rows_of(files, list(range(len(ROWS))))
    levels = [level[::-1] for level in samples.index.levels]
    codes = [
        len(level) - 1 - np.asarray(code) for level, code in zip(levels, samples.index.codes, strict=True)
    ]
    turned = pd.MultiIndex(levels, codes, names=contract.LEVELS)
    assert turned.equals(samples.index) and not turned.levels[0].is_monotonic_increasing
    expected, _ = keep(name, samples)
    assert keep(name, samples.set_axis(turned, axis=0))[0].tolist() == expected.tolist()
    assert keep(name, samples[3:])[0].tolist() == keep(name, rows_of(files, list(range(3, 9))))[0].tolist()


def test_the_size_of_a_file_is_that_of_its_file(files: list[str]) -> None:
    assert [Path(file).stat().st_size >= VALUES["check_size"] for file in files] == [True, True, False]
