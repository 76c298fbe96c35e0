"""The data sheet: what the data of an experiment are, counted from their samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from nkululeko.core.sheet import Sheet
from nkululeko.data.balance import categories, is_number
from nkululeko.data.coded import Coded, Recording, coded, codes, counts, different, pairs, ranked
from nkululeko.data.doubles import copies, shared_speakers
from nkululeko.data.dropped import Dropped
from nkululeko.data.targets import as_labels

#: a gender of more different values is no category
MOST_GENDERS = 20
#: a histogram has at most so many bins
MOST_BINS = 20
#: columns that are missed in a database, even if it has not one value
WANTED = ("speaker", "gender", "age")
_NUMBERS = ("mean", "deviation", "least", "quartile_1", "median", "quartile_3", "most")


def make_sheet(
    samples: pd.DataFrame, speakers: pd.Series, target: str, labels: Sequence[str], *,
    loaded: Mapping[str, int], dropped: Sequence[Dropped], audio: Mapping[str, Recording],
    balance: pd.DataFrame | None, wanted: Sequence[str], bins: Mapping[str, Mapping[str, int]] | None = None,
) -> Sheet:  # fmt: skip
    """What the data of an experiment are, and what became of their rows.

    Args:
        samples: on the segmented index with known ends; columns ``database``, ``split``, the target, others
        speakers: key of who speaks, a row a sample, missing where unknown
        target: the predicted column
        labels: the classes in order; empty for numbers
        loaded: how many rows each database had, in the order of the databases
        dropped: what fell out, in the order in which it happened
        audio: path to what the file holds
        balance: columns ``database``, ``split``, ``variable``, ``weight``, ``divergence``, of balanced splits
        wanted: databases whose distribution of labels shall be drawn
        bins: of balanced splits: database to column to number of bins
    """
    rows = coded(samples, speakers, loaded, audio)
    measured = _measured(samples, target, labels)
    balance = _balance(balance)
    return Sheet(
        target=target,
        labels=list(labels),
        parts=_parts(rows),
        speakers=_who(rows),
        values=_values(rows, samples, target, labels, balance, bins or {}),
        numbers=_table([_numbers(rows, name, values) for name, values in measured.items()],
                       ["database", "split", "variable", "samples", *_NUMBERS]),
        histogram=_table([_histogram(rows, name, values) for name, values in measured.items()],
                         ["database", "split", "variable", "low", "high", "samples"]),
        audio=_audio(rows),
        missing=_missing(rows, samples),
        chain=_chain(loaded, dropped),
        shared_speakers=shared_speakers(rows, samples),
        copies=copies(rows, samples[target]),
        balance=balance,
        wanted=list(wanted),
    )  # fmt: skip


def _table(parts: Sequence[pd.DataFrame], columns: Sequence[str]) -> pd.DataFrame:
    """Tables below each other; one without rows where there are none."""
    parts = [part for part in parts if len(part)]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame({name: [] for name in columns})


def _or_unknown(speakers: np.ndarray, known: np.ndarray) -> pd.Series:
    """Numbers of speakers; missing where none is known, shape ``(parts,)`` each."""
    return pd.Series(speakers, dtype="Int64").mask(~known)


def _parts(rows: Coded) -> pd.DataFrame:
    size = len(rows.parts)
    groups = pd.Series(rows.seconds).groupby(rows.part)
    speakers = different(rows.part, rows.speaker, size)
    return pd.DataFrame(
        {
            **rows.columns(),
            "samples": np.bincount(rows.part, minlength=size),
            "files": different(rows.part, rows.file, size),
            "speakers": _or_unknown(speakers, speakers > 0),
            "hours": groups.sum().to_numpy() / 3600,
            "shortest": groups.min().to_numpy(),
            "mean": groups.mean().to_numpy(),
            "longest": groups.max().to_numpy(),
        }
    )


def _who(rows: Coded) -> pd.DataFrame:
    """The speakers of each part, with the number of their samples."""
    known = rows.speaker >= 0
    width = max(len(rows.speakers), 1)
    pairs, counts = np.unique(rows.part[known] * width + rows.speaker[known], return_counts=True)
    part, speaker = pairs // width, pairs % width
    columns = {name: np.array(values, dtype=object)[part] for name, values in rows.columns().items()}
    names = rows.speakers[speaker] if len(rows.speakers) else np.array([], dtype=object)
    return pd.DataFrame({**columns, "speaker": names, "samples": counts})


def _values(
    rows: Coded, samples: pd.DataFrame, target: str, labels: Sequence[str], balance: pd.DataFrame,
    bins: Mapping[str, Mapping[str, int]],
) -> pd.DataFrame:  # fmt: skip
    """The distributions of the target, of gender, and of what balanced splits look at."""
    tables = []
    if labels:
        number, names = codes(samples[target])
        places = np.append([labels.index(name) if name in labels else -1 for name in names], -1)
        tables.append(_distribution(rows, target, places[number], labels))
    if "gender" in samples and target != "gender":
        number, names = codes(as_labels(samples["gender"]))
        if 0 < len(names) <= MOST_GENDERS:
            tables.append(_distribution(rows, "gender", number, names.tolist()))
    owners = samples["database"].to_numpy(dtype=object)
    for database, variable in balance[["database", "variable"]].drop_duplicates().itertuples(index=False):
        number_of_bins = bins.get(database, {}).get(variable)
        shown = (target if labels else "", "gender")
        if variable in shown or variable not in samples:
            continue
        if is_number(samples[variable]) and not number_of_bins:
            continue
        mine = owners == database
        found = categories(samples.loc[mine, variable], number_of_bins)
        number = np.full(len(samples), -1)
        number[mine] = found.codes
        tables.append(_distribution(rows, variable, number, found.labels))
    return _table(tables, ["database", "split", "variable", "value", "samples", "speakers"])


def _distribution(rows: Coded, variable: str, number: np.ndarray, names: Sequence[str]) -> pd.DataFrame:
    """Samples and speakers of each value in each part of those databases that have the variable at all."""
    shape = (len(rows.parts), len(names))
    samples = counts(rows.part, number, shape)
    part, both = pairs(rows.part, np.where(rows.speaker >= 0, number * len(rows.speakers) + rows.speaker, -1))
    speakers = counts(part, both // max(1, len(rows.speakers)), shape)
    known = different(rows.part, rows.speaker, shape[0]) > 0
    columns = rows.columns()
    having = {columns["database"][place] for place in np.flatnonzero(samples.sum(axis=1))}
    table = pd.DataFrame(
        {
            **{name: np.repeat(np.array(values, dtype=object), shape[1]) for name, values in columns.items()},
            "variable": variable,
            "value": np.tile(np.array(names, dtype=object), shape[0]),
            "samples": samples.ravel(),
            "speakers": _or_unknown(speakers.ravel(), np.repeat(known, shape[1])),
        }
    )
    return table[table["database"].isin(having)]


def _measured(samples: pd.DataFrame, target: str, labels: Sequence[str]) -> dict[str, np.ndarray]:
    """The variables that are numbers, NaN where they are missing."""
    names = [] if labels else [target]
    if "age" in samples and target != "age":
        names.append("age")
    found = {name: _as_numbers(samples[name]) for name in names}
    return {name: values for name, values in found.items() if not np.isnan(values).all()}


def _as_numbers(column: pd.Series) -> np.ndarray:
    """Numbers, also of text and of times (s); NaN where there is none."""
    if pd.api.types.is_timedelta64_dtype(column):
        return column.dt.total_seconds().to_numpy(dtype=float)
    number, names = pd.factorize(column)
    values = pd.to_numeric(pd.Series(names.astype(object)), errors="coerce").to_numpy(
        dtype=float, na_value=np.nan
    )
    values = np.append(np.where(np.isfinite(values), values, np.nan), np.nan)
    return values[number]


def _numbers(rows: Coded, variable: str, values: np.ndarray) -> pd.DataFrame:
    """Mean, standard deviation (of a sample, n - 1) and quartiles of each part that has any."""
    known = ~np.isnan(values)
    groups = pd.Series(values[known]).groupby(rows.part[known])
    quartiles = groups.quantile([0.25, 0.5, 0.75]).unstack()
    places = quartiles.index.to_numpy()
    columns = {name: np.array(each, dtype=object)[places] for name, each in rows.columns().items()}
    return pd.DataFrame(
        {
            **columns,
            "variable": variable,
            "samples": groups.size().to_numpy(),
            "mean": groups.mean().to_numpy(),
            "deviation": groups.std().to_numpy(),
            "least": groups.min().to_numpy(),
            "quartile_1": quartiles[0.25].to_numpy(),
            "median": quartiles[0.5].to_numpy(),
            "quartile_3": quartiles[0.75].to_numpy(),
            "most": groups.max().to_numpy(),
        }
    )


def _histogram(rows: Coded, variable: str, values: np.ndarray) -> pd.DataFrame:
    known = ~np.isnan(values)
    edges = borders(values[known])
    # the last bin holds its upper border too
    places = np.minimum(np.searchsorted(edges, values[known], "right") - 1, len(edges) - 2)
    shape = (len(rows.parts), len(edges) - 1)
    samples = counts(rows.part[known], places, shape)
    columns = rows.columns()
    table = pd.DataFrame(
        {
            **{name: np.repeat(np.array(each, dtype=object), shape[1]) for name, each in columns.items()},
            "variable": variable,
            "low": np.tile(edges[:-1], shape[0]),
            "high": np.tile(edges[1:], shape[0]),
            "samples": samples.ravel(),
        }
    )
    return table[np.repeat(samples.sum(axis=1) > 0, shape[1])]


def borders(values: np.ndarray) -> np.ndarray:
    """Borders of histogram bins that read well: steps of 1, 2, 2.5 or 5 times a power of ten.

    Few different whole numbers get a bin each; else about as many bins as Rice's rule asks for
    (twice the cube root of the number of values), 20 at most.

    Args:
        values: finite, at least one

    Example:
        >>> borders(np.array([1, 2, 3, 3])).tolist()
        [0.5, 1.5, 2.5, 3.5]
        >>> borders(np.linspace(18, 79, 1000))[:3].tolist()
        [15.0, 20.0, 25.0]
    """
    least, most = float(values.min()), float(values.max())
    if np.all(values == np.round(values)) and most - least < MOST_BINS:
        return np.arange(least, most + 2) - 0.5
    if least == most:
        return np.array([least - 0.5, least + 0.5])
    step = nice_step((most - least) / min(MOST_BINS - 2, 2 * len(values) ** (1 / 3)))
    first, last = np.floor(least / step), np.ceil(most / step)
    # rounded, for 3 * 0.1 is not 0.3
    digits = max(0, int(2 - np.floor(np.log10(step))))
    edges = np.round(np.arange(first, last + 1) * step, digits)
    if len(np.unique(edges)) < 3:  # the values differ by less than numbers of their size can tell
        return np.array([least, most])
    return edges


def nice_step(width: float) -> float:
    """The next larger of 1, 2, 2.5, 5 and 10 times a power of ten.

    Example:
        >>> nice_step(3.3), nice_step(0.02), nice_step(71)
        (5.0, 0.02, 100.0)
    """
    power = 10.0 ** np.floor(np.log10(width))
    return float(next(step for step in (1, 2, 2.5, 5, 10, 20) if step * power >= width * (1 - 1e-9)) * power)


def _audio(rows: Coded) -> pd.DataFrame:
    """How many files of each part have which rate and how many channels."""
    part, file = pairs(rows.part, rows.file)
    rate, channels = rows.rate[file], rows.channels[file]
    heard = rate > 0
    wide = int(channels.max(initial=0)) + 1
    kinds, kind = ranked(rate * wide + channels)
    files = counts(part[heard], kind[heard], (len(rows.parts), len(kinds)))
    of_part, of_kind = np.nonzero(files)
    return pd.DataFrame(
        {
            **{name: np.array(each, dtype=object)[of_part] for name, each in rows.columns().items()},
            "sampling_rate": kinds[of_kind] // wide,
            "channels": kinds[of_kind] % wide,
            "files": files[of_part, of_kind],
        }
    )


def _missing(rows: Coded, samples: pd.DataFrame) -> pd.DataFrame:
    """Values that are missing; a column that only other databases have is not missing."""
    databases = list(dict.fromkeys(database for database, _ in rows.parts))
    owner = np.array([databases.index(database) for database, _ in rows.parts])[rows.part]
    totals = np.bincount(owner, minlength=len(databases))
    found = []
    for name in samples.columns.drop(["database", "split"]):
        gone = np.bincount(owner[samples[name].isna().to_numpy()], minlength=len(databases))
        foreign = (gone == totals) & (name not in WANTED) & (gone < totals).any()
        for place in np.flatnonzero((gone > 0) & ~foreign):
            found.append((place, databases[place], str(name), int(gone[place]), int(totals[place])))
    found.sort(key=lambda row: row[0])  # stable: the columns keep their order
    columns = ["database", "column", "missing", "samples"]
    return pd.DataFrame([row[1:] for row in found], columns=columns)


def _chain(loaded: Mapping[str, int], dropped: Sequence[Dropped]) -> pd.DataFrame:
    """From the rows that each database had to those that are left, in the order in which it happened."""
    found: list[tuple[str, str, str, int, int, list[str]]] = []
    for database, left in loaded.items():
        found.append((database, "loaded", "", 0, left, []))
        for drop in dropped:
            if drop.database == database:
                left -= len(drop.rows)
                found.append((database, drop.step, drop.reason, len(drop.rows), left, drop.examples()))
    columns = ["database", "step", "reason", "dropped", "left", "examples"]
    return pd.DataFrame(found, columns=columns)


def _balance(table: pd.DataFrame | None) -> pd.DataFrame:
    columns = ["database", "split", "variable", "weight", "divergence"]
    return pd.DataFrame({name: [] for name in columns}) if table is None else table[columns]
