"""What the report says of runs, folds and speakers, and of leaving out doubtful answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from nkululeko.report import asked
from nkululeko.report.sheet_blocks import Block, Shown
from nkululeko.report.tables import Table, training_rows
from nkululeko.report.text import clean, count, number, percent, plural

if TYPE_CHECKING:
    import pandas as pd

    from nkululeko.core.result import Result

#: rows of a table before the rest is folded
MOST = 20
#: shares of the answers that are kept in the table of the page
SHARES = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


def blocks(result: Result) -> dict[str, Block]:
    """What has something to tell, by name: ``runs``, ``folds``, ``speakers``, ``per_speaker``, ``uncertainty``."""
    makers = (_runs, _folds, _speakers, asked.per_speaker, _uncertainty)
    return {block.name: block for maker in makers if (block := maker(result)) is not None}


def spread(values: pd.Series) -> tuple[float, float]:
    """Mean and standard deviation (of a sample, n - 1) of the values that are defined; NaN where there are too few.

    Example:
        >>> import pandas as pd
        >>> spread(pd.Series([1.0, 2.0, 3.0, float("nan")]))
        (2.0, 1.0)
    """
    return float(values.mean()), float(values.std(ddof=1))


def basis(result: Result) -> str:
    """What was learned from and tested on, in one line without a full stop."""
    samples, speakers = plural(len(result.predictions), "sample"), speakers_heard(result)
    who = f"{samples} of {plural(speakers, 'speaker')}" if speakers else samples
    if result.folds is None:
        training = training_rows(result)
        learned = "" if training is None else f"learned from {plural(training, 'sample')}, "
        return f"{learned}tested on {who}"
    how = "cross-validation in " + plural(len(result.folds), "fold")
    if speakers and apart(result):
        one_each = len(result.folds) == speakers and (result.folds["speakers"] == 1).all()
        how = "leave one speaker out" if one_each else how
        return f"{how}: {who}, each predicted by a model that had not heard the speaker"
    return f"{how}: {who}, each predicted by a model that did not learn from its fold"


def apart(result: Result) -> bool:
    """Whether all samples of a speaker were tested in the same fold."""
    frame = result.predictions
    if "fold" not in frame or "speaker" not in frame or frame["speaker"].isna().any():
        return False
    columns = [name for name in ("database", "speaker") if name in frame]
    return bool((frame.groupby(columns)["fold"].nunique() == 1).all())


def speakers_heard(result: Result) -> int | None:
    """How many speakers the test samples come from; None where they are not known."""
    if result.interval.unit == "speakers":
        return result.interval.groups
    frame = result.predictions
    if "speaker" not in frame or frame["speaker"].isna().all():
        return None
    columns = [name for name in ("database", "speaker") if name in frame]
    return len(frame[columns].dropna().drop_duplicates())


def over_runs(result: Result, sign: str = "±") -> str:
    """Mean and deviation over the runs, e.g. ``5 runs: .612 ± .013``; empty where there is one only."""
    if result.runs is None:
        return ""
    mean, deviation = spread(result.runs["value"])
    return f"{plural(len(result.runs), 'run')}: {number(mean)} {sign} {number(deviation)}"


def chosen_run(result: Result) -> int | None:
    """Number of the run whose figures the report shows; None where there is one only."""
    if result.runs is None:
        return None
    return int(result.runs.loc[result.runs["chosen"], "run"].iloc[0])


def decided(result: Result) -> list[str]:
    """Which data decided what, as sentences begin."""
    lines = [clean(line) for line in result.decided]
    return [line[:1].upper() + line[1:] for line in lines]


def epochs(result: Result) -> str:
    """Which epoch was kept, in one sentence; empty where nothing was learned in epochs."""
    history = result.history
    if history is None or history.empty:
        return ""
    kept = history.loc[history["best"], "epoch"].astype(int)
    if kept.empty:
        return ""
    last = plural(int(history["epoch"].max()), "epoch")
    if len(kept) == 1:
        return f"Epoch {kept.iloc[0]} of {last} was kept."
    first, final = int(kept.min()), int(kept.max())
    which = f"epoch {first} was" if first == final else f"epochs {first} to {final} were"
    return f"{plural(len(kept), 'training')} of up to {last} each: {which} kept."


def at_shares(curve: pd.DataFrame, shares: Sequence[float]) -> pd.DataFrame:
    """The rows of a risk-coverage curve where at least these shares of the answers are kept, each once.

    Answers that are equally certain stay together, so the coverage of a row may be larger than what was asked for.

    Example:
        >>> import pandas as pd
        >>> curve = pd.DataFrame({"coverage": [0.25, 0.75, 1.0], "risk": [0, 0.1, 0.2], "threshold": [0.9, 0.5, 0.1]})
        >>> at_shares(curve, [0.2, 0.5, 0.6, 1.0])["coverage"].tolist()
        [0.25, 0.75, 1.0]
    """
    places = curve["coverage"].searchsorted([share - 1e-9 for share in shares])
    return curve.iloc[sorted({int(place) for place in places if place < len(curve)})]


def _figure(result: Result) -> str:
    return clean(result.headline.label)


def _folded(table: Table, caption: str, note: str, others: str) -> tuple[list[Shown], list[Shown]]:
    """The table, its rows after the first twenty in one of their own, to be folded."""
    if len(table.rows) <= MOST:
        return [Shown(table, caption, note)], []
    first = Table(table.head, table.rows[:MOST], words=table.words)
    rest = Table(table.head, table.rows[MOST:], words=table.words)
    name = plural(len(rest.rows), others)
    return [Shown(first, f"{caption}, the first {MOST}", note)], [Shown(rest, f"The other {name}")]


def _runs(result: Result) -> Block | None:
    if result.runs is None:
        return None
    label, watched = _figure(result), bool(result.runs["watched"].notna().any())
    rows = []
    for row in result.runs.to_dict("records"):
        cells = [str(row["run"]), str(row["seed"])] + ([number(row["watched"])] if watched else [])
        rows.append([*cells, number(row["value"]), "kept" if row["chosen"] else ""])
    columns = ["run", "seed"] + ([f"watched {label}"] if watched else []) + [f"test {label}", ""]
    chosen = chosen_run(result)
    if watched:
        why = f"Run {chosen} is kept because it was the best on the watched data; the test set had no say."
    else:
        why = (
            f"Run {chosen} is kept because it is the first: nothing was watched, and the test set had no say."
        )
    mean, deviation = spread(result.runs["value"])
    lines = [
        f"{label} over {plural(len(rows), 'run')}: mean {number(mean)} ± {number(deviation)} (standard deviation).",
        f"{why} All figures in this report, and their intervals, are those of run {chosen}: the intervals tell of "
        "other speakers, not of other seeds. The mean tells better what to expect of another training.",
    ]
    note = "The runs differ in their seed only, so their deviation is that of the training, not that of the speakers."
    table = Table(columns, rows, words=[len(columns) - 1])
    title, shown = "How much does it depend on the seed?", [Shown(table, "Runs", note)]
    return Block("runs", title, lines=lines, tables=shown, pictures=("runs_compare",))


def _folds(result: Result) -> Block | None:
    if result.folds is None:
        return None
    label, model = _figure(result), "did not learn from its fold"
    voices = " The speakers of a fold are in no other fold." if apart(result) else ""
    mean, deviation = spread(result.folds["value"])
    missing = int(result.folds["value"].isna().sum())
    of = plural(len(result.folds) - missing, "fold") + (" that have one" if missing else "")
    lines = [
        f"Cross-validation: each sample is predicted by a model that {model}.{voices} A model that is kept has learned "
        "from all samples.",
        f"{label} of all samples together: {number(result.headline.value)}, the headline. Mean of the {of}: "
        f"{number(mean)} ± {number(deviation)} (standard deviation).",
    ]
    run = chosen_run(result)
    caption = f"{label} of each fold" + ("" if run is None else f", run {run}")
    rows = [
        [clean(row["fold"]), number(row["value"]), count(row["n"]), count(row["speakers"] or None)]
        for row in result.folds.to_dict("records")
    ]
    note = (
        "The two differ because a small fold weighs as much as a large one in the mean, and may lack a class."
    )
    table = Table(["fold", label, "samples", "speakers"], rows)
    tables, more = _folded(table, caption, note, "fold")
    return Block("folds", "Fold by fold", lines=lines, tables=tables, more=more)


def _speakers(result: Result) -> Block | None:
    frame = result.by_speaker
    if frame is None or len(frame) < 2:
        return None
    classes = bool(len(result.labels))
    several = frame["database"].nunique() > 1
    rows = [
        [clean(_name(row, several)), number(row["value"]), count(row["n"])]
        for row in frame.to_dict("records")
    ]
    unit = "share correct" if classes else "mean absolute error"
    hardest, easiest = rows[0], rows[-1]
    lines = [
        f"{unit.capitalize()}: from {hardest[1]} (speaker {hardest[0]}) to {easiest[1]} (speaker {easiest[0]})."
    ]
    why = (
        "The share of correct answers, because one speaker rarely has samples of all classes."
        if classes
        else ""
    )
    note = f"{why} With few samples, a speaker is hard or easy by chance.".strip()
    table = Table(["speaker", unit, "samples"], rows)
    tables, more = _folded(table, "Speakers, the hardest first", note, "speaker")
    return Block("speakers", "Who is hard?", lines=lines, tables=tables, more=more)


def _name(row: dict[Any, Any], several: bool) -> str:
    return f"{row['database']}: {row['speaker']}" if several else str(row["speaker"])


def _uncertainty(result: Result) -> Block | None:
    curve = result.uncertainty
    if curve is None or curve.empty:
        return None
    kept = at_shares(curve, SHARES)
    rows = [
        [percent(row["coverage"], 1), percent(row["risk"], 1), number(row["threshold"])]
        for row in kept.to_dict("records")
    ]
    every, half = kept.iloc[-1], kept.iloc[0]
    lines = [f"Of all answers, {percent(every['risk'], 1)} are wrong."]
    if half["coverage"] < 0.995:
        text = f"Of the surest {percent(half['coverage'], 1)}, {percent(half['risk'], 1)} are wrong."
        lines = [f"{lines[0]} {text}"]
    lines += asked.kept(result)
    note = (
        "Certainty: 1 if one class is certain, 0 if all are equally likely (1 minus normalised entropy). A "
        "threshold for use is chosen on other data than these."
    )
    shown = Shown(
        Table(["answers kept", "of these wrong", "certainty at least"], rows), "The surest answers", note
    )
    title = "What if doubtful answers are left out?"
    return Block("uncertainty", title, lines=lines, tables=[shown], pictures=("uncertainty",))
