"""Results made up for the tests of plots and report: every kind that evaluation can hand over."""

from __future__ import annotations

import dataclasses
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from history_factory import made_history
from nkululeko.core.families import Scored
from nkululeko.core.result import Calibration, Combined, Interval, Result, Score
from nkululeko.evaluation.repeats import by_speaker, fold_table
from nkululeko.evaluation.uncertainty import entropy, risk_coverage
from sheet_factory import made_sheet

SEVEN = ("anger", "boredom", "disgust", "fear", "happiness", "neutral", "sadness")
HOSTILE = (
    "<script>window.hacked=1</script>",
    'quote" onmouseover="window.hacked=1',
    "price $5 and $\\frac{1}$ {{ 7*7 }}",
    "[red]not red[/red] \x1b[31mesc\n line & more",
)
LONG = (
    "a class whose name is rather long for any axis",
    "donaudampfschifffahrtsgesellschaftskapitaen",
    "calm",
    "angry and at the same time disappointed by everything",
)


def _index(samples: int, folder: str, name: str = "{:03d}.wav") -> pd.MultiIndex:
    files = [f"{folder}/{name.format(i)}" for i in range(samples)]
    start = pd.to_timedelta(np.zeros(samples), unit="s")
    end = pd.to_timedelta(np.full(samples, 2.0), unit="s")
    return pd.MultiIndex.from_arrays([files, start, end], names=["file", "start", "end"])


def _speakers(samples: int, random: np.random.Generator, known: bool) -> pd.DataFrame:
    frame = pd.DataFrame({"database": ["emodb"] * samples})
    if known:
        number = random.integers(0, 6, samples)
        frame["speaker"] = [f"{n:02d}" for n in number]
        frame["gender"] = np.where(number % 2 == 0, "female", "male")
        frame["age"] = 20.0 + 5 * number
    return frame


def _groups(value: float) -> pd.DataFrame:
    rows = [
        ("gender", "female", 1.0),
        ("gender", "male", 0.9),
        ("age", "20 to 34", 1.0),
        ("age", "35 +", 0.8),
    ]
    return pd.DataFrame(
        [
            {
                "variable": variable,
                "group": group,
                "n": 40,
                "speakers": 3,
                "value": value * factor,
                "low": value * factor - 0.1 if group != "35 +" else np.nan,
                "high": value * factor + 0.1 if group != "35 +" else np.nan,
            }
            for variable, group, factor in rows
        ]
    )


def _importance(task_seed: int) -> pd.Series:
    random = np.random.default_rng(task_seed)
    values = np.sort(random.exponential(1, 60))[::-1]
    names = [f"F0semitoneFrom27.5Hz_sma3nz_percentile{i}.0" if i % 3 else f"jitter_{i}" for i in range(60)]
    return pd.Series(values / values.sum(), index=names, name="importance")


def _provenance() -> dict:
    return {
        "versions": {"nkululeko": "2.0.0", "numpy": "2.4.6", "python": "3.11.7"},
        "seed": 42,
        "started": "2026-11-02T10:11:12",
        "seconds": 3.2,
        "fingerprints": {"data": "9f3ac1", "split": "77ab01"},
        "licences": ["openSMILE (feature set os): research and personal use only"],
        "config": "[EXP]\nname = emodb\n\n[DATA]\ndatabases = ['emodb']\ntarget = emotion\n",
    }


def classification(
    labels: tuple[str, ...] = SEVEN,
    *,
    samples: int = 120,
    scores: str = "p",
    speakers: bool = True,
    embedding: bool = False,
    importance: bool = True,
    balanced: bool = False,
    folder: str = "/data/emodb/wav",
    file_name: str = "{:03d}.wav",
    seed: int = 0,
) -> Result:
    """A classification result; ``scores``: ``p`` probabilities, ``s`` other scores, empty: none."""
    random = np.random.default_rng(seed)
    names = np.array(labels, dtype=object)
    truth = names[random.integers(0, len(labels), samples)]
    raw = random.normal(0, 1, (samples, len(labels))) + 1.6 * (truth[:, None] == names[None, :])
    probability = np.exp(raw) / np.exp(raw).sum(axis=1, keepdims=True)
    prediction = names[probability.argmax(axis=1)]
    frame = pd.DataFrame({"truth": truth, "prediction": prediction})
    frame = pd.concat([frame, _speakers(samples, random, speakers)], axis=1)
    if scores:
        values = probability if scores == "p" else raw
        for column, label in enumerate(labels):
            frame[f"{scores}_{label}"] = values[:, column]
    frame.index = _index(samples, folder, file_name)
    confusion = pd.crosstab(pd.Series(truth), pd.Series(prediction))
    confusion = confusion.reindex(index=names, columns=names, fill_value=0)
    per_class = _per_class(confusion)
    uar = float(per_class["recall"].mean())
    accuracy = float((truth == prediction).mean())
    return Result(
        name="emodb_os_svm",
        task="classification",
        target="emotion",
        labels=list(labels),
        measure="uar",
        scores={
            "uar": Score("uar", "UAR", uar, uar - 0.08, uar + 0.07),
            "acc": Score("acc", "accuracy", accuracy, accuracy - 0.07, accuracy + 0.06),
            "f1": Score("f1", "F1", uar - 0.02, uar - 0.1, uar + 0.05),
            "eer": Score("eer", "EER", 0.21, float("nan"), float("nan"), higher_is_better=False),
        },
        interval=Interval("speakers" if speakers else "samples", 6 if speakers else samples, 1000),
        predictions=frame,
        per_class=per_class,
        confusion=confusion,
        groups=_groups(uar) if speakers else None,
        calibration=_calibration(probability, truth == prediction) if scores == "p" else None,
        importance=_importance(seed) if importance else None,
        embedding=_embedding(3 * samples, names, random) if embedding else None,
        sheet=made_sheet(labels, train=3 * samples, test=samples, known=speakers, balanced=balanced),
        notes=["the option FEATS.level has no effect here"],
        warnings=["speaker 03 is in train and in test"],
        provenance=_provenance(),
        folder=Path("/results/emodb_os_svm"),
    )


def _per_class(confusion: pd.DataFrame) -> pd.DataFrame:
    counts = confusion.to_numpy(dtype=float)
    hits, support, answers = counts.diagonal(), counts.sum(axis=1), counts.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        recall, precision = hits / support, hits / answers
        f1 = 2 * hits / (support + answers)
    return pd.DataFrame(
        {"recall": recall, "precision": precision, "f1": f1, "support": support.astype(int)},
        index=confusion.index,
    )


def _calibration(probability: np.ndarray, right: np.ndarray) -> Calibration:
    confidence = probability.max(axis=1)
    number = np.minimum((confidence * 10).astype(int), 9)
    rows = [
        {"confidence": confidence[number == b].mean(), "accuracy": right[number == b].mean(), "count": n}
        if (n := int((number == b).sum()))
        else {"confidence": np.nan, "accuracy": np.nan, "count": 0}
        for b in range(10)
    ]
    bins = pd.DataFrame(rows)
    full = bins[bins["count"] > 0]
    gap = (full["confidence"] - full["accuracy"]).abs()
    return Calibration(float((gap * full["count"]).sum() / full["count"].sum()), bins, 0.41)


def _embedding(samples: int, names: np.ndarray, random: np.random.Generator) -> pd.DataFrame:
    number = random.integers(0, len(names), samples)
    angle = 2 * np.pi * number / len(names)
    place = 8 * np.stack([np.cos(angle), np.sin(angle)], axis=1) + random.normal(0, 1.8, (samples, 2))
    return pd.DataFrame({"x": place[:, 0], "y": place[:, 1], "emotion": names[number]})


def regression(
    *,
    samples: int = 150,
    speakers: bool = True,
    embedding: bool = False,
    folder: str = "/data/ages/wav",
    seed: int = 1,
) -> Result:
    """A regression result: ages in years."""
    random = np.random.default_rng(seed)
    truth = random.uniform(18, 80, samples)
    prediction = 15 + 0.7 * truth + random.normal(0, 7, samples)
    frame = pd.DataFrame({"truth": truth, "prediction": prediction})
    frame = pd.concat(
        [frame, _speakers(samples, random, speakers).drop(columns="age", errors="ignore")], axis=1
    )
    frame.index = _index(samples, folder)
    pcc = float(np.corrcoef(truth, prediction)[0, 1])
    mae = float(np.abs(truth - prediction).mean())
    maps = pd.DataFrame({"x": random.normal(0, 1, samples), "y": truth / 20, "age": truth})
    return Result(
        name="ages_os_svr",
        task="regression",
        target="age",
        labels=[],
        measure="ccc",
        scores={
            "ccc": Score("ccc", "CCC", pcc - 0.05, pcc - 0.15, pcc + 0.03),
            "pcc": Score("pcc", "PCC", pcc, pcc - 0.1, pcc + 0.05),
            "mae": Score("mae", "MAE", mae, mae - 1, mae + 1, higher_is_better=False),
            "mse": Score("mse", "MSE", mae**2, mae**2 - 9, mae**2 + 12, higher_is_better=False),
        },
        interval=Interval("speakers" if speakers else "samples", 6 if speakers else samples, 1000),
        predictions=frame,
        groups=_groups(pcc)[:2] if speakers else None,
        importance=_importance(seed),
        embedding=maps if embedding else None,
        sheet=made_sheet((), target="age", train=3 * samples, test=samples, known=speakers),
        provenance=_provenance(),
        folder=Path("/results/ages_os_svr"),
    )


def scored_of(result: Result) -> Scored:
    """Truth and prediction of a result, as the metrics see them."""
    frame = result.predictions
    return Scored(frame["truth"].to_numpy(), frame["prediction"].to_numpy(), list(result.labels))


class _Right:
    """Stands for a metric: any figure that is higher for better predictions."""

    def value(self, scored: Scored) -> float:
        if scored.labels:
            return float((scored.truth == scored.prediction).mean())
        return float(-np.abs(scored.truth - scored.prediction).mean())


def with_speakers(result: Result) -> Result:
    """The same result with its table of speakers."""
    return dataclasses.replace(result, by_speaker=by_speaker(scored_of(result), result.predictions))


def with_curve(result: Result) -> Result:
    """The same result with its risk-coverage curve, where it has probabilities."""
    frame = result.predictions
    probabilities = frame[[name for name in frame if str(name).startswith("p_")]].to_numpy()
    right = (frame["truth"] == frame["prediction"]).to_numpy()
    return dataclasses.replace(result, uncertainty=risk_coverage(right, 1 - entropy(probabilities)))


def with_combined(result: Result, how: str = "mean") -> Result:
    """The same result with one answer a speaker: a speaker's target is what most of their samples have."""
    frame = result.predictions
    by = frame.groupby(frame["database"] + "/" + frame["speaker"], sort=True)
    likeliest = {
        column: by[column].agg(lambda values: values.mode().iloc[0]) for column in ("truth", "prediction")
    }
    if not result.labels:
        likeliest = {column: by[column].mean() for column in ("truth", "prediction")}
    names = list(by.groups)
    answers = pd.DataFrame({"speaker": names, "n": by.size().to_numpy()})
    answers = answers.assign(**{column: values.to_numpy() for column, values in likeliest.items()})
    table = None
    if result.labels:
        table = pd.crosstab(answers["truth"], answers["prediction"])
        table = table.reindex(index=list(result.labels), columns=list(result.labels), fill_value=0)
    combined = Combined(
        how,
        result.scores,
        Interval("speakers", len(names), 1000),
        answers,
        table,
        ["emodb/98", "emodb/99"],
        2,
    )
    return dataclasses.replace(result, combined=combined)


def with_compared(result: Result) -> Result:
    """The same result of several runs with the headline measure of each."""
    assert result.runs is not None
    score = result.headline
    each = [Score(score.name, score.label, v, v - 0.07, v + 0.06) for v in result.runs["value"]]
    return dataclasses.replace(result, compared=each)


def with_kept(result: Result, threshold: float = 0.5) -> Result:
    """The same result with what a threshold of the certainty keeps."""
    frame = result.predictions
    probabilities = frame[[name for name in frame if str(name).startswith("p_")]].to_numpy()
    keep = 1 - entropy(probabilities) >= threshold
    right = float((frame["truth"] == frame["prediction"])[keep].mean()) if keep.any() else np.nan
    lost = sorted(set(frame["truth"]) - set(frame["truth"][keep]))
    row = {
        "threshold": threshold, "kept": float(keep.mean()), "samples": int(keep.sum()), "speakers": 6,
        "value": right, "low": right - 0.1, "high": right + 0.1, "lost": ", ".join(lost),
    }  # fmt: skip
    return dataclasses.replace(result, kept=pd.DataFrame([row]))


def with_runs(result: Result, runs: int = 5, *, watched: bool = True) -> Result:
    """The same result as one of several runs of a net; without a watched part nothing was chosen."""
    random = np.random.default_rng(7)
    figures = 0.6 + 0.02 * random.standard_normal((runs, 2))
    chosen = int(figures[:, 1].argmax()) if watched else 0
    figures[chosen, 0] = result.headline.value
    table = pd.DataFrame(
        {
            "run": range(1, runs + 1),
            "seed": range(42, 42 + runs),
            "watched": figures[:, 1] if watched else np.nan,
            "value": figures[:, 0],
            "chosen": [number == chosen for number in range(runs)],
        }
    )
    decided = ["the epoch: 61 samples of 2 speakers held out from the training set"] if watched else []
    return dataclasses.replace(
        result,
        runs=table,
        history=made_history(12, runs) if watched else None,
        decided=[
            *decided,
            f"the run whose model is kept ({chosen + 1} of {runs}): the same data as the epoch",
        ],
    )


def with_folds(result: Result, folds: int = 0) -> Result:
    """The same result of a cross-validation; without a number of folds: of leaving one speaker out."""
    frame = result.predictions
    known = "speaker" in frame
    if folds:
        key = frame["speaker"].astype(int) if known else pd.Series(np.arange(len(frame)), index=frame.index)
        number = (key % folds).to_numpy()
        names = [f"fold {n + 1} of {folds}" for n in range(folds)]
    else:
        speakers = sorted(frame["speaker"].unique())
        number = frame["speaker"].map(speakers.index).to_numpy()
        names = [f"speaker emodb/{name}" for name in speakers]
    speaker = frame["speaker"].to_numpy() if known else np.full(len(frame), None)
    return dataclasses.replace(
        result,
        predictions=frame.assign(fold=[names[n] for n in number]),
        folds=fold_table(_Right(), scored_of(result), number, names, speaker),  # type: ignore[arg-type]
        sheet=made_sheet(result.labels, target=result.target, train=0, test=len(frame), known=known),
    )


def twenty() -> tuple[str, ...]:
    """Names of twenty classes."""
    return tuple(f"dialect {chr(ord('A') + i)}" for i in range(20))


@cache
def all_results() -> dict[str, Result]:
    """One result of every kind, by a speaking name; shared by all tests: leave them as they are."""
    return {
        "two": with_curve(classification(("male", "female"), embedding=True, balanced=True)),
        "seven": classification(embedding=True),
        "twenty": with_curve(classification(twenty(), samples=600, embedding=True)),
        "no_scores": classification(scores="", importance=False, speakers=False),
        "other_scores": classification(scores="s"),
        "long": with_curve(classification(LONG, embedding=True)),
        "hostile": with_curve(
            classification(
                HOSTILE, embedding=True, balanced=True, file_name='"><img src=x onerror=hacked=1>{}.wav'
            )
        ),
        "big": with_curve(classification(samples=3000, embedding=True)),
        "regression": regression(embedding=True),
        "regression_big": regression(samples=3000, embedding=True),
        "regression_bare": regression(speakers=False),
        "runs": with_runs(with_speakers(with_curve(classification()))),
        "runs_unwatched": with_runs(regression(), watched=False),
        "loso": with_folds(with_speakers(with_curve(classification()))),
        "asked": with_kept(with_compared(with_runs(with_combined(with_curve(classification()))))),
        "asked_regression": with_compared(with_runs(with_combined(regression()), 3, watched=False)),
        "folds": with_runs(with_folds(with_speakers(classification()), 3), 3),
        "folds_regression": with_folds(with_speakers(regression()), 3),
        "folds_unknown": with_folds(classification(speakers=False), 4),
    }
