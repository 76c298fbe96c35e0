"""What the overview says, and what it does not say."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from nkululeko.core.exploration import SUSPICIOUS, Association, Evidence, FeatureRanking, Finding, Variable
from nkululeko.exploration.associations import associate, with_corrected
from nkululeko.exploration.findings import findings, verdict
from nkululeko.exploration.variables import variable

NONE = pd.DataFrame({name: [] for name in SUSPICIOUS})


def speech(speakers: int = 20, each: int = 12, seed: int = 0) -> pd.DataFrame:
    """Speakers of both sexes who say everything in all emotions; nothing is related."""
    random = np.random.default_rng(seed)
    who = np.repeat(np.arange(speakers), each)
    return pd.DataFrame(
        {
            "speaker": [f"s{i}" for i in who],
            "gender": np.array(["female", "male"])[who % 2],
            "age": 20.0 + who,
            "emotion": np.array(["anger", "boredom", "joy"])[np.arange(len(who)) % 3],
            "duration": 2 + 0.2 * random.normal(size=len(who)),
            "level_dbfs": -20 + 2 * random.normal(size=len(who)),
            "database": np.array(["one", "two"])[who // 4 % 2],
        }
    )


def told(
    frame: pd.DataFrame,
    *behind: str,
    asked: tuple[str, ...] = (),
    target: str = "emotion",
    known: bool = True,
    suspicious: pd.DataFrame = NONE,
    ranking: FeatureRanking | None = None,
    most: int = 12,
) -> list[Finding]:
    speakers = frame["speaker"] if known else None
    made = [associate(variable(frame, name), variable(frame, target), speakers) for name in (*asked, *behind)]
    made = with_corrected(made)
    return findings(
        variable(frame, target), made[: len(asked)], made[len(asked) :], ranking, suspicious, speakers, most
    )


def of_kind(found: list[Finding], kind: str) -> list[str]:
    return [finding.text for finding in found if finding.kind == kind]


def test_a_number_that_goes_with_the_target_is_named_with_the_pair_and_both_means():
    frame = speech()
    frame["duration"] += 0.9 * (frame["emotion"] == "anger") - 0.3 * (frame["emotion"] == "boredom")
    means = frame.groupby("emotion")["duration"].mean()
    first = told(frame, "gender", "age", "duration")[0]
    assert first == Finding(
        "confound",
        f"Recordings of anger are longer than those of boredom: on average {means['anger']:.3g} s against "
        f"{means['boredom']:.3g} s (large effect). A model may learn the length instead of emotion.",
        first.weight,
        "emotion_duration",
    )
    assert first.weight > 0.8


def test_where_nothing_is_related_that_is_said_with_little_weight():
    found = told(speech(), "gender", "age", "duration", "level_dbfs")
    assert [finding.text for finding in found] == [
        "Of the 20 speakers, 10 are female, 10 are male; women and men show each emotion about equally often: no sign "
        "that gender explains emotion.",
        "The classes are about equally frequent: 80 samples each.",
        "No sign that age, duration or level_dbfs goes with emotion: differences are small, or chance.",
        "No recording is clipped, silent, duplicated, or of odd length.",
    ]
    assert max(finding.weight for finding in found) < 0.2


def test_gender_behind_the_target():
    frame = speech()
    female = frame["gender"] == "female"
    frame.loc[female & (np.arange(len(frame)) % 2 == 0), "emotion"] = "joy"
    frame.loc[~female & (frame["emotion"] == "joy"), "emotion"] = "boredom"
    share = female[frame["emotion"] == "joy"].mean()
    text = of_kind(told(frame, "gender"), "confound")[0]
    assert text.startswith(f"{100 * share:.0f} % of the recordings of joy are by women, against 50 % of all.")
    assert text.endswith("A model may learn the gender instead of emotion.")


def test_databases_behind_the_target():
    frame = speech()
    frame.loc[frame["database"] == "one", "emotion"] = "joy"
    text = of_kind(told(frame, "database"), "confound")[0]
    assert "of the recordings of anger come from two, against 40 % of all." in text
    assert "A model may learn the database, that is, how it was recorded, instead of emotion." in text


def test_an_effect_of_few_speakers_is_doubtful():
    random = np.random.default_rng(1)
    frame = speech(4, 40, 1)
    moods = {0: [0.8, 0.1, 0.1], 1: [0.1, 0.8, 0.1], 2: [0.3, 0.3, 0.4], 3: [0.1, 0.2, 0.7]}
    who = frame["speaker"].str[1:].astype(int)
    frame["emotion"] = [random.choice(["anger", "boredom", "joy"], p=moods[i]) for i in who]
    found = told(frame, "gender")
    doubtful = next(finding for finding in found if finding.kind == "confound")
    assert doubtful.text.endswith(
        "Over the 4 speakers this may be chance: others may show no such difference."
    )
    assert doubtful.weight < 0.7
    assert "There are only 4 speakers: what is found may hold for them alone." in of_kind(found, "imbalance")


def test_a_small_p_of_many_samples_is_no_finding():
    frame = speech(100, 300, 2)
    frame["duration"] += 0.03 * (frame["emotion"] == "joy")
    made = associate(variable(frame, "duration"), variable(frame, "emotion"), frame["speaker"])
    assert made.evidence("samples").p < 1e-9
    assert made.evidence("speakers").p < 0.01
    assert verdict(made) == "nothing"
    assert of_kind(told(frame, "duration"), "confound") == [
        "No sign that duration goes with emotion: differences are small, or chance."
    ]


def evidence(unit, size, p) -> Evidence:
    value = {"negligible": 0.01, "small": 0.2, "medium": 0.4, "large": 0.7}[size]
    return Evidence(unit, "chi-square", 1.0, p, "Cramer's V", value, 10)


@pytest.mark.parametrize(
    ("tests", "expected"),
    [
        ([("samples", "large", 0.001)], "found"),
        ([("samples", "large", 0.2)], "open"),
        ([("samples", "small", 1e-9)], "nothing"),
        ([("samples", "large", 0.001), ("speakers", "large", 0.01)], "found"),
        ([("samples", "large", 0.001), ("speakers", "large", 0.2)], "doubtful"),
        ([("samples", "large", 0.001), ("speakers", "large", np.nan)], "doubtful"),
        ([("samples", "small", 0.2), ("speakers", "large", 0.001)], "found"),
        ([("samples", "negligible", 0.2), ("speakers", "large", 0.001)], "nothing"),
        ([], "untested"),
    ],
)
def test_effects_decide_and_speakers_where_they_are_known(tests, expected):
    x = Variable("x", "category", pd.Series(["a"]), ("a",))
    made = Association("n", x, x, None, tuple(evidence(*test) for test in tests), pd.DataFrame())
    assert verdict(made) == expected


def test_without_speakers_it_is_said_that_they_may_be_the_reason():
    frame = speech()
    frame["duration"] += 0.9 * (frame["emotion"] == "anger")
    assert told(frame, "duration", known=False)[0].text.endswith(
        "Speakers are not known, so that a few of them may have caused this."
    )


def test_other_columns_are_associations_and_nothing_is_said_twice():
    frame = speech()
    frame["accent"] = np.where(frame["emotion"] == "joy", "strong", "weak")
    found = told(frame, "gender", asked=("accent", "gender"))
    text = of_kind(found, "association")
    assert text == ["100 % of the recordings of joy have accent = strong, against 33 % of all."]
    assert sum("gender" in finding.text for finding in found) == 1


def test_targets_that_are_numbers():
    frame = speech()
    frame["valence"] = frame["duration"] * 3 + (frame["gender"] == "male")
    found = told(frame, "duration", "gender", target="valence")
    texts = of_kind(found, "confound")
    assert texts[0].startswith("The longer a recording, the higher valence within speakers (large effect, ")
    assert texts[1].startswith("Recordings of men have a higher valence than those of women: on average ")
    assert of_kind(found, "imbalance")[0].startswith("Half of all samples have a valence between ")


@pytest.mark.parametrize(
    ("labels", "text", "weight"),
    [
        (["a"] * 50 + ["b"] * 45, "The classes are about equally frequent: 45 to 50 samples each.", 0.1),
        (["a"] * 127 + ["b"] * 46, "The classes are unequal: 127 samples of a, 46 of b.", 0.547),
        (
            ["1"] * 90 + ["0"] * 10,
            "The classes are very unequal: 90 samples of emotion = 1, 10 of emotion = 0.",
            0.717,
        ),
        (["a"] * 9, "There are not two classes of emotion to tell apart: a.", 1.0),
        ([None] * 9, "There are not two classes of emotion to tell apart.", 1.0),
    ],
)
def test_how_classes_are_spread(labels, text, weight):
    frame = pd.DataFrame({"emotion": labels})
    found = findings(variable(frame, "emotion"), [], [], None, NONE, None)
    assert (found[0].text, found[0].weight) == (text, weight)


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ([3.5] * 9, "x does not vary, so there is nothing to predict."),
        ([0.0] * 9 + [1.0, 2.0], "At least half of all samples have the same x: 0."),
    ],
)
def test_how_numbers_are_spread(values, text):
    found = findings(Variable("x", "number", pd.Series(values)), [], [], None, NONE, None)
    assert found[0].text == text


def test_who_speaks_most_and_classes_of_few_speakers():
    frame = speech(20, 12)
    one = frame["speaker"] == "s0"
    frame = pd.concat([frame, *[frame[one]] * 12], ignore_index=True)
    frame.loc[frame["speaker"].isin(["s3", "s4"]) & (frame["duration"] > 2), "emotion"] = "disgust"
    text = of_kind(told(frame), "imbalance")
    assert "Speaker s0 alone has 41 % of all samples." in text
    assert any(
        t.startswith("Some classes have samples of hardly any of the 20 speakers: disgust by 2.")
        for t in text
    )


def test_suspicious_recordings_are_counted_with_an_example():
    rows = [
        ("/x/a.wav", 0, 1, "clipped", ""),
        ("/x/b.wav", 0, 1, "clipped", ""),
        ("c.wav", 0, 1, "very short", ""),
    ]
    odd = pd.DataFrame(rows, columns=SUSPICIOUS)
    found = [f for f in told(speech(), suspicious=odd) if f.kind == "recording"]
    assert [finding.text for finding in found] == [
        "2 recordings are clipped: the level was too high when they were recorded; e.g. a.wav.",
        "One recording is very short; e.g. c.wav.",
    ]
    assert {finding.link for finding in found} == {"suspicious"}


def ranking(p: list[float]) -> FeatureRanking:
    table = pd.DataFrame({"p_corrected": p}, index=["F0 mean", "jitter", "loudness", "slope"])
    return FeatureRanking(table, (), pd.DataFrame(), pd.DataFrame())


def test_features():
    text = of_kind(told(speech(), ranking=ranking([0.001, 0.01, 0.2, 0.3])), "feature")
    assert text == [
        "Of the 4 features, F0 mean, jitter and loudness tell most about emotion; 2 of them differ by more than chance."
    ]
    text = of_kind(told(speech(), ranking=ranking([0.2] * 4)), "feature")
    assert text == ["None of the 4 features differs with emotion by more than chance."]


def test_the_weightiest_stand_first_and_no_more_than_asked_for():
    frame = speech()
    frame["duration"] += 0.9 * (frame["emotion"] == "anger")
    found = told(frame, "gender", "age", "duration", "level_dbfs")
    weights = [finding.weight for finding in found]
    assert weights == sorted(weights, reverse=True)
    assert all(0 <= weight <= 1 for weight in weights)
    assert told(frame, "gender", "age", "duration", most=2) == told(frame, "gender", "age", "duration")[:2]


def test_what_may_be_the_voice_or_the_microphone_is_not_blamed_on_either():
    frame = speech()
    frame["level_dbfs"] += 9 * (frame["emotion"] == "anger")
    text = told(frame, "level_dbfs")[0].text
    assert text.startswith("Recordings of anger are louder than those of ")
    assert text.endswith(
        "If that is the microphone and not the voice, a model may learn the level of the recording instead of emotion."
    )
