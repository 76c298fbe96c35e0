"""What options mean together: checked when each of them is right by itself."""

from __future__ import annotations

from collections.abc import Sequence

from nkululeko.config.databases import FilledData
from nkululeko.config.declare import declared
from nkululeko.config.fill import Findings
from nkululeko.config.names import BALANCERS, LOSSES, MEASURE_TASKS, METRICS, MODELS
from nkululeko.config.schema.data import Data, DatabaseConfig
from nkululeko.config.schema.exp import Exp
from nkululeko.config.schema.feats import Feats
from nkululeko.config.schema.model import Model
from nkululeko.config.sections import Filled


def check(filled: dict[str, Filled], data: FilledData, findings: Findings, reads: Sequence[str]) -> None:
    """All checks of options against each other.

    Args:
        filled: the sections
        data: [DATA] and its databases
        findings: gets mistakes and notes
        reads: the sections that the command reads
    """
    exp = filled["EXP"].record if "EXP" in filled else Exp()
    assert isinstance(exp, Exp)
    if "DATA" in reads:
        _required(exp, data, findings, "CROSSDB" in reads)
        _labels(exp, data.data, findings, "EXPL" in reads)
        _sizes(data, findings)
        _uses(filled.get("EXP"), data, findings)
        _of_multidb(filled.get("EXP"), findings, "CROSSDB" in reads)
    if "MODEL" in reads:
        _measure(exp, filled["MODEL"], findings, "AUTO" in reads)
        _loss(exp, filled["MODEL"], findings)
        _folds(exp, filled["MODEL"], data, findings)
    if "FEATS" in reads and "MODEL" in reads and "AUTO" not in reads:
        _features(filled["FEATS"], filled["MODEL"], findings)
    if "PLOT" in reads:
        _pictures(filled["PLOT"], "EXPL" in reads, findings)
    if "EXPL" in reads:
        _explored(filled, "FEATS" in reads, findings)


def _required(exp: Exp, data: FilledData, findings: Findings, compares: bool) -> None:
    form, record = data.data.form, data.data.record
    assert isinstance(record, Data)
    raw = form.raw("database_names")
    if raw is None and not (compares and exp.databases):
        hint = "name them: databases = ['emodb']"
        if exp.databases:
            hint += "; those of [EXP] are for nkululeko multidb"
        findings.wrong(None, "[DATA] databases is missing", hint)
    elif raw is not None and not record.database_names and raw.value in ([], ()):
        findings.wrong(raw, f"{raw.label} = []: expected at least one name")
    if form.raw("target") is None:
        findings.wrong(None, "[DATA] target is missing", "name the column to predict: target = emotion")


def _labels(exp: Exp, filled: Filled, findings: Findings, explored: bool = False) -> None:
    """Bins and labels fit each other, and the task; a number that is explored can be put into bins as well."""
    record = filled.record
    assert isinstance(record, Data)
    bins, labels = filled.form.raw("bins"), filled.form.raw("labels")
    is_regression = exp.type == "regression" and not explored
    is_binned = record.type == "continuous" or (explored and exp.type == "regression")
    if bins and (is_regression or not is_binned):
        wanted = "EXP.type = classification" if is_regression else "type = continuous"
        findings.note(bins, f"{bins.label} has no effect in this run: it is for {wanted}")
    elif record.bins and record.labels and len(record.bins) != len(record.labels) + 1 and bins:
        count = len(record.labels)
        what = f"{bins.label}: {len(record.bins)} borders for {count} labels, expected {count + 1}"
        findings.wrong(bins, what)
    if labels and is_regression:
        findings.note(
            labels, f"{labels.label} has no effect in this run: it is for EXP.type = classification"
        )


def _sizes(data: FilledData, findings: Findings) -> None:
    """Test and dev set leave something to train on; percents are no fractions."""
    for filled in data.databases.values():
        record = filled.record
        assert isinstance(record, DatabaseConfig)
        raw, dev = filled.form.raw("test_size"), filled.form.raw("dev_size")
        if raw and 0 < record.test_size < 1:
            findings.note(raw, f"{raw.label} = {record.test_size:g} is a percentage: less than one percent")
        if record.dev_size and record.test_size + record.dev_size >= 100:
            what = (
                f"test ({record.test_size:g} %) and dev set ({record.dev_size:g} %) leave nothing to train on"
            )
            findings.wrong(dev or raw, f"database '{record.name}': {what}")


def _uses(exp: Filled | None, data: FilledData, findings: Findings) -> None:
    """A database is used for one thing, or for both; bounds of durations leave something between them."""
    for filled in data.databases.values():
        record = filled.record
        assert isinstance(record, DatabaseConfig)
        if record.as_train and record.as_test:
            what = f"database '{record.name}': as_train and as_test contradict each other"
            findings.wrong(filled.form.raw("as_test") or filled.form.raw("as_train"), what, "set one of them")
    use_splits = exp.form.raw("use_splits") if exp else None
    if use_splits and data.data.form.raw("strategy") is None:
        findings.note(
            use_splits, f"{use_splits.label} has no effect in this run: it is for DATA.strategy = cross_data"
        )
    for filled in (data.data, *data.databases.values()):
        least, most = (getattr(filled.record, f"{end}_duration_of_sample") for end in ("min", "max"))
        raw = filled.form.raw("max_duration_of_sample")
        if least is not None and most is not None and least > most:
            findings.wrong(raw, f"[DATA] min_duration_of_sample ({least:g} s) is more than max ({most:g} s)")


def _of_multidb(exp: Filled | None, findings: Findings, compares: bool) -> None:
    """Options that only multidb knows what to do with."""
    for name in () if compares or exp is None else ("databases", "lodo"):
        raw = exp.form.raw(name) if exp else None
        if raw and getattr(exp.record if exp else None, name):
            findings.note(raw, f"{raw.label} has no effect in this run: it is for nkululeko multidb")


def _measure(exp: Exp, filled: Filled, findings: Findings, finds_model: bool = False) -> None:
    """A model is named, unless the command finds one, and the measure is one of the task."""
    record, raw = filled.record, filled.form.raw("measure")
    assert isinstance(record, Model)
    named = filled.form.raw("type")
    if named and finds_model:
        findings.note(
            named, f"{named.label} has no effect in this run: auto tries models of its own, or [AUTO] models"
        )
    elif named is None and not finds_model:
        findings.wrong(None, "[MODEL] type is missing", "name a model: type = svm")
    if raw is None or record.measure is None or not METRICS.is_installed(record.measure):
        return
    fitting = [name for name in METRICS.installed() if exp.type in _tasks(name)]
    if record.measure not in fitting:
        what = f"{raw.label}: '{record.measure}' is not for {exp.type}"
        findings.wrong(raw, what, "expected one of: " + ", ".join(fitting))


def _loss(exp: Exp, filled: Filled, findings: Findings) -> None:
    """The loss is one of the task, where the model has one at all."""
    record, raw = filled.record, filled.form.raw("loss")
    assert isinstance(record, Model)
    if not (raw and record.loss and LOSSES.family and LOSSES.is_installed(record.loss)):
        return
    if not (MODELS.family and MODELS.is_installed(record.type) and MODELS.family.load(record.type).watches):
        return
    tasks = {name: LOSSES.family.load(name).tasks for name in LOSSES.installed()}
    if exp.type not in tasks[record.loss]:
        fitting = ", ".join(name for name, its in tasks.items() if exp.type in its)
        findings.wrong(
            raw, f"{raw.label}: '{record.loss}' is not for {exp.type}", f"expected one of: {fitting}"
        )


def _folds(exp: Exp, model: Filled, data: FilledData, findings: Findings) -> None:
    """There is one cross-validation at most, and with it no other split."""
    record = model.record
    assert isinstance(record, Model)
    asked = [name for name in ("loso", "logo", "k_fold_cross") if getattr(record, name)]
    if not asked or record.folds is None:
        return
    kind, count = record.folds
    first = model.form.raw(asked[0])
    if len(asked) > 1:
        findings.wrong(first, f"{' and '.join(asked)} exclude each other", "choose one cross-validation")
    if kind != "loso" and count < 2:
        findings.wrong(first, f"{kind} = {count}: expected at least 2 folds")
    for section in data.databases.values():
        raw = section.form.raw("split_strategy")
        if raw:
            findings.note(raw, f"{raw.label} has no effect in this run: {kind} tests every sample once")
    if exp.traindevtest and first:
        findings.note(first, f"EXP.traindevtest has no effect in this run: there is no dev set with {kind}")


def _tasks(measure: str) -> Sequence[str]:
    """The tasks of a measure; those of the contract are known without importing them."""
    if measure in MEASURE_TASKS:
        return (MEASURE_TASKS[measure],)
    return METRICS.family.load(measure).tasks if METRICS.family else ()


def _features(feats: Filled, model: Filled, findings: Findings) -> None:
    """All models but those that start from audio need features."""
    assert isinstance(feats.record, Feats) and isinstance(model.record, Model)
    raw = feats.form.raw("type")
    named = model.form.raw("type") is not None and MODELS.canonical(model.record.type) is not None
    from_audio = named and _starts_from_sound(model.record.type)
    is_empty = raw is not None and raw.value in ([], ())
    if raw and is_empty and named and not from_audio:
        findings.wrong(raw, f"{raw.label} = []: expected at least one feature set", "e.g. type = ['os']")
    if not from_audio:
        return
    if raw and not is_empty:
        findings.note(
            raw, f"{raw.label} has no effect in this run: {model.record.type} starts from the sound itself"
        )
    _idle(
        feats,
        ("features", "features_of", "scale", "nan_strategy"),
        "models that learn from features",
        findings,
    )
    balancing = feats.form.raw("balancing")
    if balancing and feats.record.balancing and BALANCERS.is_installed(feats.record.balancing):
        drawing = [name for name in BALANCERS.installed() if BALANCERS.family.load(name).draws]  # type: ignore[union-attr]
        if feats.record.balancing not in drawing:
            what = f"{balancing.label} = {feats.record.balancing} makes up or compares features, and there are none"
            findings.wrong(balancing, what, "expected one of: " + ", ".join(drawing))


def _starts_from_sound(name: str) -> bool:
    """Whether a model, by any of its names, takes recordings and no features."""
    known = MODELS.canonical(name) or ""
    if MODELS.family is None or not MODELS.is_installed(known):
        return known == "finetune"
    return bool(MODELS.family.load(known).takes_recordings)


#: options of [PLOT] for explore alone, and those for runs that learn
_OF_EXPLORE = ("kind", "fill_areas", "ccc")
_OF_RUNS = (
    "epoch_progression", "anim_progression", "combine_per_speaker", "uncertainty_threshold", "runs_compare",
)  # fmt: skip
#: options of [EXPL] that are about features
_OF_FEATURES = (
    "feature_distributions", "model", "permutation", "shap", "plot_tree", "plot_features", "scatter",
)  # fmt: skip
#: options of [FEATS] that are about learning
_OF_LEARNING = ("scale", "balancing", "nan_strategy")


def _pictures(plot: Filled, explored: bool, findings: Findings) -> None:
    """Options of [PLOT] that this command has no use for."""
    _idle(plot, _OF_RUNS if explored else _OF_EXPLORE, "runs that learn" if explored else "explore", findings)
    raw = plot.form.raw("value_counts")
    if raw and not explored and isinstance(getattr(plot.record, "value_counts", None), tuple):
        findings.note(raw, f"{raw.label} has no effect in this run: lists of columns are for explore")


def _idle(section: Filled, names: Sequence[str], whose: str, findings: Findings) -> None:
    """Say which of these options are set and have no effect."""
    known = declared(type(section.record))
    for name in names:
        raw = section.form.raw(name)
        if raw and getattr(section.record, name) != known[name].default:
            findings.note(raw, f"{raw.label} has no effect in this run: it is for {whose}")


def _explored(filled: dict[str, Filled], has_features: bool, findings: Findings) -> None:
    """What is asked of features needs some; they are looked at as they are."""
    if has_features:
        _idle(filled["FEATS"], _OF_LEARNING, "runs that learn", findings)
    sets = getattr(filled["FEATS"].record, "type", ()) if has_features else ()
    if sets:
        return
    for name in _OF_FEATURES:
        raw = filled["EXPL"].form.raw(name)
        if raw and getattr(filled["EXPL"].record, name):
            findings.note(raw, f"{raw.label} has no effect in this run: there are no features ([FEATS] type)")
