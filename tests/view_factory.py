"""Explorations made up for the tests of their pictures: every kind of data that may come."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import pandas as pd

from nkululeko.core.exploration import (
    Association,
    Evidence,
    Exploration,
    FeatureMap,
    FeatureRanking,
    Node,
    Variable,
)

SEVEN = ("anger", "boredom", "disgust", "fear", "happiness", "neutral", "sadness")
TWENTY = (
    "a class whose name is rather long for any axis", "donaudampfschifffahrtsgesellschaftskapitaen", "calm",
    "angry and at the same time disappointed by everything", *(f"shade of feeling {i}" for i in range(15)), "other",
)  # fmt: skip
HOSTILE = (
    "<script>alert(1)</script>", "price $5 and $\\frac{1}$ {{ 7*7 }}", "怒り", "\x1b[31mesc\n line & more", "../../etc",
)  # fmt: skip
FEATURES = (
    "F0semitoneFrom27.5Hz_sma3nz_amean", "loudness_sma3_percentile80.0", "jitterLocal_sma3nz_stddevNorm",
    "HNRdBACF_sma3nz_amean", "F1frequency_sma3nz_amean", "alphaRatioV_sma3nz_amean", "spectralFlux_sma3_amean",
    "mfcc1_sma3_amean", "slopeUV0-500_sma3nz_amean", "loudnessPeaksPerSec",
)  # fmt: skip


@dataclass(frozen=True)
class World:
    """Samples with all that is known of them.

    Args:
        frame: columns ``speaker``, ``gender``, ``region``, ``city``, ``age``, ``duration``, ``target``
        target: the variable
        random: what is still to be drawn
    """

    frame: pd.DataFrame
    target: Variable
    random: np.random.Generator

    def variable(self, name: str) -> Variable:
        """A column as a variable."""
        if name == "target":
            return self.target
        values = self.frame[name]
        if values.dtype.kind == "f":
            return Variable(name, "number", values)
        return Variable(name, "category", values, tuple(sorted(values.dropna().unique())))


def world(labels: Sequence[str], samples: int, speakers: int, seed: int, name: str = "emotion") -> World:
    """Invented samples; without labels, the target is a number."""
    random = np.random.default_rng(seed)
    who = random.integers(0, speakers, samples)
    names = np.array(labels, dtype=object)
    weight = 1 / np.arange(1.0, len(labels) + 1) ** 0.4
    code = random.choice(max(1, len(labels)), samples, p=weight / weight.sum() if labels else None)
    frame = pd.DataFrame(
        {
            "speaker": [f"{n:03d}" for n in who],
            "gender": np.where(who % 2 == 0, "female", "male").astype(object),
            "region": np.array(["north", "south", "east", "west", "islands"], dtype=object)[who % 5],
            "city": np.array([f"city {n:02d}" for n in range(14)], dtype=object)[who % 14],
            "age": 20.0 + (who * 7) % 50 + 0.5 * (who % 3),
            "duration": np.round(random.gamma(6, 0.35, samples) + 0.1 * code, 3),
        },
        index=index(samples),
    )
    pitch = random.normal(30, 3, samples) + 6 * (frame["gender"] == "female").to_numpy()
    values = names[code] if len(names) else 0.4 * (pitch - 30) + 2 * frame["duration"].to_numpy()
    frame["target"] = pd.Series(values, frame.index, dtype=object if len(names) else float)
    kind = "category" if len(names) else "number"
    found = [label for label in labels if label in set(frame["target"])]
    return World(frame, Variable(name, kind, frame["target"], tuple(found)), random)


def index(samples: int) -> pd.MultiIndex:
    """Whole files of two seconds."""
    zero = pd.to_timedelta(np.zeros(samples), unit="s")
    files = [f"/data/{i:06d}.wav" for i in range(samples)]
    return pd.MultiIndex.from_arrays([files, zero, zero + pd.Timedelta("2s")], names=["file", "start", "end"])


def association(world: World, x: str, y: str = "target", group: str | None = None) -> Association:
    """Two columns of a world, with statistics made up."""
    columns = {"x": world.variable(x), "y": world.variable(y)} | (
        {"group": world.variable(group)} if group else {}
    )
    samples = pd.DataFrame({name: v.values for name, v in columns.items()})
    samples["speaker"] = world.frame["speaker"]
    samples = samples[samples["x"].notna() & samples["y"].notna()]
    tests = (
        Evidence("samples", "chi-square", 55.2, 1e-9, "Cramer's V", 0.41, len(samples), "", "", 4e-8, 6.0),
        Evidence(
            "speakers", "chi-square, speakers permuted", 12.3, 0.056, "Cramer's V", 0.15, 10, "", "", 0.3, 6.0
        ),
    )
    names = [columns[name].name for name in (["group", "x", "y"] if group else ["y", "x"])]
    note = "speakers have several recordings, which resemble each other: trust p over speakers"
    means = by_speakers(samples, columns)
    return Association(
        "_".join(names), columns["x"], columns["y"], columns.get("group"), tests, samples, means, (note,)
    )


def by_speakers(samples: pd.DataFrame, columns: dict[str, Variable]) -> pd.DataFrame:
    """As the record wants it: counts of speakers for two categories, else their means."""
    categories = [name for name, variable in columns.items() if variable.is_category]
    numbers = [name for name, variable in columns.items() if not variable.is_category]
    known = samples.dropna()
    if "x" in categories and "y" in categories:
        different = known[["speaker", *categories]].drop_duplicates()
        return different.groupby(categories).size().rename("count").reset_index()
    return known.groupby(["speaker", *categories])[numbers].mean().reset_index()


def ranking(world: World, names: Sequence[str], best: int, ways: Sequence[str], tree: bool) -> FeatureRanking:
    """Features that know the target more or less well."""
    count, random = len(world.frame), world.random
    target = world.target
    code = (
        pd.Categorical(target.values, target.levels).codes if target.is_category else target.values.to_numpy()
    )
    strength = np.linspace(0.9, 0.1, best)[None, :]
    spread = (code - np.nanmean(code)) / (np.nanstd(code) or 1.0)
    values = strength * np.nan_to_num(spread)[:, None] + random.normal(0, 0.8, (count, best))
    values += 0.6 * random.normal(0, 1, (count, 1))
    frame = pd.DataFrame(values * 3 + 30, world.frame.index, columns=list(names[:best]))
    importance = {way: np.sort(random.exponential(1, len(names)))[::-1] for way in ways}
    table = pd.DataFrame(
        {
            "rank": np.arange(1.0, len(names) + 1),
            **{way: values / values.sum() for way, values in importance.items()},
            "test": "Kruskal-Wallis", "statistic": 9.0, "p": 1e-5,
            "p_corrected": np.minimum(1, 1e-6 * 6.0 ** np.arange(len(names))),
            "effect_name": "epsilon squared", "effect": np.linspace(0.6, 0, len(names)), "n": count,
            "p_speakers": 0.01, "p_speakers_corrected": np.linspace(0.0004, 0.4, len(names)),
        },
        index=list(names),
    )  # fmt: skip
    root = grown(frame, target, 3) if tree else None
    return FeatureRanking(table, tuple(ways), frame, frame.corr(method="spearman"), root)


def grown(frame: pd.DataFrame, target: Variable, deep: int, place: int = 0) -> Node:
    """A tree that divides at medians."""
    known = target.values.reindex(frame.index).dropna()
    counts = {name: int((known == name).sum()) for name in target.levels} if target.is_category else {}
    value = float("nan") if target.is_category else float(known.mean())
    name = frame.columns[place % frame.shape[1]]
    middle = float(frame[name].median())
    low, high = frame[frame[name] <= middle], frame[frame[name] > middle]
    if deep == 0 or not len(low) or not len(high):
        return Node(len(frame), {name: count for name, count in counts.items() if count}, value)
    left, right = (grown(half, target, deep - 1, 2 * place + side) for side, half in ((1, low), (2, high)))
    return Node(len(frame), {n: c for n, c in counts.items() if c}, value, name, middle, left, right)


def maps(world: World, colours: Sequence[str]) -> list[FeatureMap]:
    """A map without a meaning in two dimensions, one with a meaning in three."""
    target, count = world.target, len(world.frame)
    code = (
        pd.Categorical(target.values, target.levels).codes if target.is_category else target.values.to_numpy()
    )
    around = np.nan_to_num(code / (np.nanmax(code) or 1.0)) * 5.2
    flat = np.column_stack([np.cos(around), np.sin(around)]) * 8 + world.random.normal(0, 1.5, (count, 2))
    solid = np.column_stack([flat, world.random.normal(0, 3, count)])
    wanted = tuple(world.variable(name) for name in colours)
    axes = ("PC 1 (31 %)", "PC 2 (14 %)", "PC 3 (9 %)")
    some = world.frame.index[: max(2, int(0.9 * count))]
    return [
        FeatureMap("tsne", pd.DataFrame(flat, world.frame.index, columns=["x", "y"]).loc[some], wanted, (),
                   f"{len(some)} of {count} samples, drawn by chance"),
        FeatureMap("pca", pd.DataFrame(solid, world.frame.index, columns=["x", "y", "z"]), wanted, axes),
        FeatureMap("pca", pd.DataFrame(flat, world.frame.index, columns=["x", "y"]), wanted[:1], axes[:2]),
    ]  # fmt: skip


#: of a column with the target, of two columns by the target
ALL = (
    "gender", "age", "duration", ("gender", "region"), ("gender", "duration"), ("age", "duration"),
)  # fmt: skip


def exploration(
    labels: Sequence[str] = SEVEN, *, samples: int = 300, speakers: int = 10, seed: int = 0, name: str = "emotion",
    features: Sequence[str] = FEATURES, best: int = 2, ways: Sequence[str] = ("xgb", "tree permutation"),
    pairs: Sequence[str | tuple[str, str]] = ALL, colours: Sequence[str] = ("target",),
) -> Exploration:  # fmt: skip
    """An exploration with something of everything."""
    made = world(labels, samples, speakers, seed, name)
    split = np.where(made.frame["speaker"] < "004", "test", "train")
    database = np.where(made.frame["speaker"] < "005", "emodb", "polish")
    frame = made.frame[["speaker", "gender", "age", "duration"]].assign(split=split, database=database)
    found = [
        association(made, pair) if isinstance(pair, str) else association(made, *pair, "target")
        for pair in pairs
    ]
    everything = [*features, *(f"feature_{i}" for i in range(88 - len(features)))]
    order = ranking(made, everything, best, ways, tree=True)
    known = replace(made, frame=made.frame.assign(**{features[0]: order.values[everything[0]]}))
    return Exploration(
        "exp", made.target, "all", frame, speakers, found, order,
        pairs=[association(made, "age", "duration"), association(made, "age", "duration", "gender")],
        shown=[association(known, features[0])], maps=maps(made, colours),
    )  # fmt: skip


def usual(seed: int = 0) -> Exploration:
    """Seven emotions of ten speakers."""
    return exploration(seed=seed, best=4, colours=("target", "gender", "age"))


def two() -> Exploration:
    """Two classes."""
    return exploration(("no", "yes"), samples=120, speakers=24, name="depressed", ways=(), pairs=ALL[2:4])


def twenty() -> Exploration:
    """Twenty classes with long names, and more speakers than anyone can count."""
    pairs = ("city", "duration", ("age", "duration"))
    return exploration(TWENTY, samples=900, speakers=200, best=3, ways=("xgb",), pairs=pairs)


def hostile() -> Exploration:
    """Names that are no names."""
    names = ["a$b$/x", "特徴量", "<b>\n", "con.wav", *FEATURES[4:]]
    return exploration(
        HOSTILE, name="label $5 \\ <i>", features=names, pairs=("gender", "duration", ("gender", "duration"))
    )


def numeric(seed: int = 0) -> Exploration:
    """A target that is a number."""
    pairs = ("gender", "age", ("gender", "region"), ("age", "duration"))
    return exploration((), name="arousal", seed=seed, pairs=pairs, colours=("target", "age"))


def big() -> Exploration:
    """So many samples that single points are not seen."""
    return exploration(samples=20_000, speakers=80, pairs=("gender", "duration", ("age", "duration")))


def odd() -> Exploration:
    """A category with one sample, missing values, numbers that are all the same."""
    made = exploration(
        ("a", "b", "c"), samples=40, speakers=6, best=3, pairs=(*ALL[2:], "gender"), colours=("age",)
    )
    target = made.target.values.copy()
    target.iloc[:10] = None
    target.iloc[10] = "alone"
    target = Variable(
        "emotion", "category", target, (*made.target.levels, "alone"), "one value has one sample"
    )
    found = []
    for each in made.associations:
        samples = each.samples.copy()
        if not each.x.is_category:
            samples["x"] = 3.0
        if not each.y.is_category:
            samples["y"] = np.where(np.arange(len(samples)) % 2 == 0, np.nan, samples["y"])
        else:
            samples["y"] = samples["y"].where(np.arange(len(samples)) > 0)
        found.append(replace(each, samples=samples))
    gone = replace(
        made.associations[0], name="gone", samples=made.associations[0].samples.iloc[:0], speakers=None
    )
    assert made.ranking is not None
    values = made.ranking.values.copy()
    values.iloc[:, 0], values.iloc[::2, 1], values.iloc[:, 2] = 1.0, np.nan, np.nan
    table = made.ranking.table.assign(p_corrected=np.nan, effect=np.nan)
    order = replace(
        made.ranking, values=values, correlation=values.corr(method="spearman"), table=table, ways=()
    )
    colours = tuple(
        replace(v, values=v.values.where(np.arange(len(v.values)) > 20)) for v in made.maps[0].colours
    )
    return replace(
        made, target=target, associations=[*found, gone], ranking=order,
        maps=[replace(each, colours=(target, *colours)) for each in made.maps],
    )  # fmt: skip


def lonely() -> Exploration:
    """One category, one sample; nobody knows the speaker."""
    made = exploration(("only",), samples=1, speakers=1)
    alone = [replace(each, speakers=None) for each in made.associations]
    return replace(
        made, associations=alone, speakers=None, samples=made.samples.drop(columns=["split", "database"])
    )


CASES: dict[str, Callable[[], Exploration]] = {
    "usual": usual, "two": two, "twenty": twenty, "hostile": hostile, "numeric": numeric, "big": big, "odd": odd,
    "lonely": lonely,
}  # fmt: skip


@cache
def case(name: str) -> Exploration:
    """One of the cases, made once."""
    return CASES[name]()
