"""Spotlight: what it is given, how it is started and stopped. The real one: test_spotlight_real.py."""

from __future__ import annotations

import contextlib
import io
import json
import os
import pty
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pandas as pd
import pytest

import spotlight_fakes
from finished_runs import finish, write_ini
from nkululeko.core.errors import NkululekoError
from nkululeko.core.exploration import Exploration, Variable
from nkululeko.core.samples import segmented_index
from nkululeko.spotlight_setup import print_stop
from nkululeko.steps.spotlight import open_spotlight, predictions_of, show_spotlight
from nkululeko.steps.spotlight_process import stop_spotlight
from nkululeko.steps.spotlight_setup import ABSENT
from nkululeko.steps.spotlight_table import layout_of, spotlight_table, to_parquet
from spotlight_fakes import answers, is_running, make_exploration, make_python, make_samples


@pytest.fixture
def fake(tmp_path, monkeypatch):
    program = make_python(tmp_path / "fake")
    monkeypatch.setenv("NKULULEKO_SPOTLIGHT", str(program))
    return program


@pytest.fixture
def run(tmp_path):
    """The folder of a run; nothing is left running in it."""
    folder = tmp_path / "results" / "my run"
    folder.mkdir(parents=True)
    yield folder
    stop_spotlight(folder)


def child_of(folder):
    log = (folder / "spotlight.log").read_text()
    return int(log.partition("child ")[2].split()[0])


# what it is given


def test_table_puts_what_matters_first():
    table = spotlight_table(make_samples(), "emotion", None, None)
    assert list(table) == [
        "file", "emotion", "speaker", "split", "database", "age", "duration", "segment", "audio",
    ]  # fmt: skip
    assert table["file"].tolist() == ["a/1.wav", "a/2.wav", "b/1.wav", "b/1.wav"]
    assert table["audio"].tolist() == ["/data/a/1.wav", "/data/a/2.wav", "/data/b/1.wav", "/data/b/1.wav"]
    assert table["segment"].tolist() == [[0, 1.5], [0, 2], [0.25, 1], [1, 1.75]]


def test_predictions_and_places_stand_at_their_samples():
    samples = make_samples()
    predictions = pd.DataFrame(
        {"truth": ["anger", "joy"], "prediction": ["joy", "joy"], "confidence": [0.5, 0.75]},
        index=samples.index[[3, 1]],
    )
    points = pd.DataFrame({"x": [1.0, 2], "y": [3.0, 4], "z": [5.0, 6]}, index=samples.index[[2, 0]])
    table = spotlight_table(samples, "emotion", predictions, points)
    assert list(table)[:5] == ["file", "emotion", "prediction", "correct", "confidence"]
    assert list(table)[-6:] == ["map x", "map y", "map z", "segment", "audio", "map"]
    assert table["prediction"].fillna("-").tolist() == ["-", "joy", "-", "joy"]
    assert table["correct"].tolist() == [None, True, None, False]
    assert table["map"].tolist() == [[2, 4, 6], None, [1, 3, 5], None]
    assert table["map z"].fillna(-1).tolist() == [6, -1, 5, -1]


def test_errors_of_a_regression():
    samples = make_samples()
    predictions = pd.DataFrame({"truth": [31.0], "prediction": [28.5]}, index=samples.index[:1])
    table = spotlight_table(samples, "age", predictions, None)
    assert "correct" not in table
    assert table["error"].fillna(0).tolist() == [-2.5, 0, 0, 0]


def test_predictions_of_other_samples_are_no_predictions():
    others = make_samples(["/other/1.wav", "/other/2.wav", "/other/3.wav", "/other/3.wav"])
    predictions = pd.DataFrame({"prediction": ["joy"] * 4}, index=others.index)
    assert "prediction" not in spotlight_table(make_samples(), "emotion", predictions, None)


def test_columns_of_the_data_are_kept_beside_ours():
    samples = make_samples().assign(audio="loud", segment=1, file="mine")
    table = spotlight_table(samples, "audio", None, None)
    assert list(table)[:2] == ["file", "audio (data)"]
    assert table["audio (data)"].tolist() == ["loud"] * 4
    assert table["audio"].tolist()[0] == "/data/a/1.wav"
    assert table["segment (data)"].tolist() == [1] * 4 and table["file (data)"].tolist() == ["mine"] * 4


def read(ready):
    return pd.read_parquet(io.BytesIO(ready.content))


def test_file_holds_plain_columns():
    samples = make_samples().assign(
        happy=[True, None, False, True],
        age=[1, 2, 3, 4],
        long=pd.to_timedelta([1, 2, 3, 4], unit="s"),
        when=pd.Timestamp("2024-02-01"),
        level=pd.Categorical(["low", "high", "low", None], categories=["low", "high"]),
        nothing=None,
    )
    ready = to_parquet(spotlight_table(samples, "emotion", None, None))
    frame = read(ready)
    assert "nothing" not in frame
    assert ready.dtypes == {"file": "str", "audio": "Audio", "segment": "Window"}
    assert frame["file"].tolist() == ["a/1.wav", "a/2.wav", "b/1.wav", "b/1.wav"]
    assert frame["emotion"].cat.categories.tolist() == ["anger", "joy"]
    assert frame["emotion"].isna().tolist() == [False, False, True, False]
    assert frame["level"].cat.categories.tolist() == ["low", "high"]
    assert frame["happy"].tolist() == [True, None, False, True]
    assert frame["long"].tolist() == [1, 2, 3, 4] and frame["age"].tolist() == [1, 2, 3, 4]
    assert frame["when"].astype(str).str.startswith("2024-02-01").all()


def test_no_text_is_left_for_spotlight_to_guess_at():
    """It asks the net for texts that look like addresses, unless they are categories."""
    count = 700
    index = segmented_index([f"/d/{n}.wav" for n in range(count)], None, [pd.Timedelta(1, "s")] * count)
    columns = {
        "words": [f"these are words {n}" for n in range(count)],
        "page": [f"http://example.com/{n}.wav" for n in range(count)],
        "a=b": [f"name {n}" for n in range(count)],
        "emotion": "joy",
    }
    ready = to_parquet(spotlight_table(pd.DataFrame(columns, index=index), "emotion", None, None))
    frame = read(ready)
    texts = [name for name in frame if not isinstance(frame[name].dtype, pd.CategoricalDtype)]
    assert texts == ["file", "words", "segment", "audio"]
    assert ready.dtypes == {"file": "str", "words": "str", "audio": "Audio", "segment": "Window"}


def test_layout_asks_for_columns_that_are_there():
    def configured(node):
        yield from (node.get("config") or {}).values()
        for child in node.get("children", []):
            yield from configured(child)

    columns = ["file", "emotion", "prediction", "correct", "map x", "map y", "segment", "audio"]
    full, little = (list(configured(layout_of(names, "emotion"))) for names in (columns, ["file", "audio"]))
    assert full.count("emotion") == 3 and "map x" in full and "prediction" in full
    assert not [value for value in little if isinstance(value, str)]


def test_predictions_come_from_the_run_in_the_same_folder(bench):
    result = finish(write_ini(bench.folder, bench.corpus, bench.store), "exp")
    target = Variable("emotion", "category", result.predictions["truth"])
    found = predictions_of(Exploration("exp", target, "all", result.predictions, 8, folder=result.folder))
    assert found["prediction"].equals(result.predictions["prediction"])
    assert found["confidence"].between(0.25, 1).all()
    other = Variable("age", "number", result.predictions["truth"])
    assert (
        predictions_of(Exploration("exp", other, "all", result.predictions, 8, folder=result.folder)) is None
    )
    (result.folder / "result.json").write_text("{")
    assert (
        predictions_of(Exploration("exp", target, "all", result.predictions, 8, folder=result.folder)) is None
    )
    assert predictions_of(make_exploration(bench.folder, make_samples())) is None


# how it is started and stopped


def test_absence_is_one_line(run, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("NKULULEKO_SPOTLIGHT", str(tmp_path / "nowhere"))
    assert show_spotlight(make_exploration(run, make_samples()), browser=False) is None
    assert capsys.readouterr().out == f"warning: {ABSENT}\n"
    assert "nkululeko spotlight-setup" in ABSENT
    assert list(run.iterdir()) == []
    with pytest.raises(NkululekoError, match="spotlight-setup"):
        open_spotlight(pd.DataFrame({"file": ["a"]}), run)


def test_opened_without_a_browser_it_goes_on_until_it_is_stopped(fake, run, capsys, monkeypatch):
    monkeypatch.setenv("SPOTLIGHT_DEV", "true")
    opened = show_spotlight(make_exploration(run, make_samples()), browser=False)
    told = capsys.readouterr().out
    assert f"Spotlight: {opened.address}\n" in told
    assert f"stop it:   nkululeko spotlight-stop '{run}'\n" in told
    assert opened.address.startswith("http://127.0.0.1:") and answers(opened.address)
    record = json.loads((run / "spotlight.json").read_text())
    assert record.keys() == {"pid", "port", "address", "started"}
    assert (record["pid"], record["address"]) == (opened.pid, opened.address)
    log = (run / "spotlight.log").read_text()
    assert f"XDG_CACHE_HOME {run}/.spotlight\n" in log
    assert "SPOTLIGHT_OPT_OUT true\n" in log and "SPOTLIGHT_DEV None\n" in log
    assert "'--no-browser', '--no-filebrowsing'" in log and "'--dtype', 'audio=Audio'" in log
    child = child_of(run)
    assert is_running(opened.pid) and is_running(child)
    print_stop(str(run))
    assert capsys.readouterr().out == "Spotlight is stopped\n"
    assert not is_running(opened.pid) and not is_running(child) and not answers(opened.address)
    assert sorted(path.name for path in run.iterdir()) == [
        "spotlight.layout.json", "spotlight.log", "spotlight.parquet",
    ]  # fmt: skip
    print_stop(str(run))
    assert capsys.readouterr().out.startswith("no Spotlight is open of")


def test_opened_again_there_is_one(fake, run):
    table = spotlight_table(make_samples(), "emotion", None, None)
    first, second = open_spotlight(table, run), open_spotlight(table, run)
    assert not is_running(first.pid) and not answers(first.address)
    assert is_running(second.pid) and answers(second.address)


def test_other_processes_are_left_alone(run):
    """The number in the record may be that of another program by now."""
    other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
    try:
        for record in (
            {"pid": other.pid, "port": 1},
            {"pid": -1, "port": 1},
            {"pid": "x"},
            [],
            {"pid": 1, "port": 1},
        ):
            (run / "spotlight.json").write_text(json.dumps(record))
            assert not stop_spotlight(run)
            assert not (run / "spotlight.json").exists()
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


@pytest.mark.parametrize(
    ("cli", "said"),
    [
        (
            "import sys\ndef main():\n    sys.exit('no such table')",
            "Spotlight ended before its page was there (no such table)",
        ),
        ("", "Spotlight ended before its page was there (ImportError: cannot import name 'main'"),
    ],
)
def test_what_it_says_when_it_fails_is_told(cli, said, run, tmp_path, monkeypatch):
    monkeypatch.setenv("NKULULEKO_SPOTLIGHT", str(make_python(tmp_path / "broken", cli)))
    with pytest.raises(NkululekoError) as problem:
        open_spotlight(spotlight_table(make_samples(), "emotion", None, None), run)
    assert said in str(problem.value) and "spotlight.log" in str(problem.value)
    assert not (run / "spotlight.json").exists() and not (run / ".spotlight").exists()


def test_one_that_never_answers_is_ended(run, tmp_path, monkeypatch):
    from nkululeko.steps import spotlight_process

    cli = "import os, time\ndef main():\n    print('child', os.getpid())\n    time.sleep(600)"
    monkeypatch.setenv("NKULULEKO_SPOTLIGHT", str(make_python(tmp_path / "slow", cli)))
    monkeypatch.setattr(spotlight_process, "_PATIENCE", 2.0)
    with pytest.raises(NkululekoError, match=r"did not answer in 2 s \(child"):
        open_spotlight(spotlight_table(make_samples(), "emotion", None, None), run)
    assert not is_running(child_of(run))


PROGRAM = """
import sys
from pathlib import Path
import spotlight_fakes as t
from nkululeko.steps.spotlight import show_spotlight
show_spotlight(t.make_exploration(Path(sys.argv[1]), t.make_samples()), browser=sys.argv[2] == "browser")
print("done")
"""


def in_terminal(run, *, screen=True, browser="browser"):
    """A call as at a terminal; the browser writes down what it is asked to show."""
    note = run.parent / "browser"
    note.write_text(f'#!/bin/sh\necho "$1" > "{run.parent}/shown"\n')
    note.chmod(0o755)
    variables = {
        name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")
    }
    variables |= {"DISPLAY": ":0"} if screen else {}
    variables |= {"BROWSER": f"{note} %s", "PYTHONPATH": str(Path(spotlight_fakes.__file__).parent)}
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(run), browser], env=variables, stdin=theirs, stdout=theirs,
        stderr=theirs, start_new_session=True,
    )  # fmt: skip
    os.close(theirs)
    told = []
    reader = threading.Thread(target=lambda: told.extend(_lines(ours)), daemon=True)
    reader.start()
    return process, told, reader


def _lines(terminal):
    with contextlib.suppress(OSError):  # the other end is closed
        while data := os.read(terminal, 1024):
            yield data.decode()


def wait_for(condition, seconds=30.0):
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.05)
    return found


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_at_a_terminal_it_stays_until_it_is_ended(number, fake, run):
    process, told, reader = in_terminal(run)
    shown = run.parent / "shown"
    try:
        wait_for(lambda: shown.exists() and shown.read_text().endswith("\n"))
        address, pid, child = (
            shown.read_text().strip(),
            json.loads((run / "spotlight.json").read_text()),
            child_of(run),
        )
        wait_for(lambda: "Ctrl-C ends it" in "".join(told))
        assert answers(address) and process.poll() is None
        process.send_signal(number)
        assert process.wait(20) == (0 if number == signal.SIGINT else 128 + number)
        reader.join(5)
        assert ("done" in "".join(told)) == (number == signal.SIGINT)
        assert "Traceback" not in "".join(told)
        assert not is_running(pid["pid"]) and not is_running(child)
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize(("screen", "browser"), [(False, "browser"), (True, "no browser")])
def test_without_screen_or_browser_a_terminal_gets_the_address(screen, browser, fake, run):
    process, told, reader = in_terminal(run, screen=screen, browser=browser)
    try:
        assert process.wait(30) == 0
        reader.join(5)
        assert "stop it:" in "".join(told) and not (run.parent / "shown").exists()
        assert answers(json.loads((run / "spotlight.json").read_text())["address"])
    finally:
        process.kill()
        process.wait()
