"""What options mean together: checked when each of them is right by itself."""

from __future__ import annotations

from collections.abc import Sequence

from nkululeko.config.databases import FilledData
from nkululeko.config.fill import Findings
from nkululeko.config.names import MEASURE_TASKS, METRICS, MODELS
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
        _required(exp, data, findings)
        _labels(exp, data.data, findings)
        _sizes(data, findings)
    if "MODEL" in reads:
        _measure(exp, filled["MODEL"], findings)
    if "FEATS" in reads and "MODEL" in reads:
        _features(filled["FEATS"], filled["MODEL"], findings)


def _required(exp: Exp, data: FilledData, findings: Findings) -> None:
    form, record = data.data.form, data.data.record
    assert isinstance(record, Data)
    raw = form.raw("database_names")
    if raw is None and not exp.databases:
        findings.wrong(None, "[DATA] databases is missing", "name them: databases = ['emodb']")
    elif raw is not None and not record.database_names and raw.value in ([], ()):
        findings.wrong(raw, f"{raw.label} = []: expected at least one name")
    if form.raw("target") is None:
        findings.wrong(None, "[DATA] target is missing", "name the column to predict: target = emotion")


def _labels(exp: Exp, filled: Filled, findings: Findings) -> None:
    """Bins and labels fit each other, and the task."""
    record = filled.record
    assert isinstance(record, Data)
    bins, labels = filled.form.raw("bins"), filled.form.raw("labels")
    is_regression = exp.type == "regression"
    if bins and (is_regression or record.type != "continuous"):
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
        if dev and record.dev_size and record.test_size + record.dev_size >= 100:
            findings.wrong(dev, f"{dev.label}: test and dev set leave nothing to train on")


def _measure(exp: Exp, filled: Filled, findings: Findings) -> None:
    """A model is named, and the measure is one of the task."""
    record, raw = filled.record, filled.form.raw("measure")
    assert isinstance(record, Model)
    if filled.form.raw("type") is None:
        findings.wrong(None, "[MODEL] type is missing", "name a model: type = svm")
    if raw is None or record.measure is None or not METRICS.is_installed(record.measure):
        return
    fitting = [name for name in METRICS.installed() if exp.type in _tasks(name)]
    if record.measure not in fitting:
        what = f"{raw.label}: '{record.measure}' is not for {exp.type}"
        findings.wrong(raw, what, "expected one of: " + ", ".join(fitting))


def _tasks(measure: str) -> Sequence[str]:
    """The tasks of a measure; those of the contract are known without importing them."""
    if measure in MEASURE_TASKS:
        return (MEASURE_TASKS[measure],)
    return METRICS.family.load(measure).tasks if METRICS.family else ()


def _features(feats: Filled, model: Filled, findings: Findings) -> None:
    """All models but those that start from audio need features."""
    assert isinstance(feats.record, Feats) and isinstance(model.record, Model)
    raw = feats.form.raw("type")
    named = model.form.raw("type") is not None and model.chosen
    from_audio = MODELS.canonical(model.record.type) == "finetune" if named else True
    if raw and raw.value in ([], ()) and not from_audio:
        findings.wrong(raw, f"{raw.label} = []: expected at least one feature set", "e.g. type = ['os']")
