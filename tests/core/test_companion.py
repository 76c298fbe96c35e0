"""The companion process: plain values there and back, errors and log lines too, and it never hangs."""

from __future__ import annotations

import importlib
import logging
import math
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest

from nkululeko.core.companion import Companion, call
from nkululeko.core.errors import ConfigError, NkululekoError

#: s after which an answer that does not come counts as never
LONG = 60


@pytest.fixture
def helpers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    """A module that both processes can import."""
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "companion_helpers.py").write_text(
        textwrap.dedent(
            """
            import logging, os, subprocess, sys, time
            from nkululeko.core.errors import ConfigError, NkululekoError

            def fail():
                raise NkululekoError("is empty", "a.csv", "fill it")

            def fail_often():
                raise ConfigError([NkululekoError("one", "a"), NkululekoError("two", "b")])

            class Stubborn(Exception):
                def __init__(self, one, two):
                    super().__init__(one)

            def fail_stubbornly():
                raise Stubborn("cannot be", "pickled back")

            def unpicklable():
                return lambda: None

            def leave():
                sys.exit(3)

            def crash():
                os._exit(3)

            def log():
                logger = logging.getLogger("nkululeko")
                logger.info("%d trees", 3)
                logger.warning("few samples")
                logging.getLogger("nkululeko.below").warning("from below")
                logging.getLogger("other").warning("not ours")
                try:
                    1 / 0
                except ZeroDivisionError:
                    logger.exception("with a traceback")

            def chatter():
                print("to the standard output")
                os.write(1, b"to the descriptor")
                subprocess.run([sys.executable, "-c", "print('from a grandchild')"])
                return "answer"

            def started(path):
                open(path, "w").close()
                time.sleep(600)
            """
        )
    )
    import companion_helpers

    yield companion_helpers
    del sys.modules["companion_helpers"]


def test_results(helpers) -> None:  # type: ignore[no-untyped-def]
    with Companion() as companion:
        futures = [companion.submit(divmod, n, 3) for n in range(20)]
        assert [future.result(LONG) for future in futures] == [divmod(n, 3) for n in range(20)]
        assert companion.submit(os.getpid).result(LONG) not in (os.getpid(), 0)
        assert companion.submit(call, "colorsys", "rgb_to_hsv", 0, 0, 0).result(LONG) == (0.0, 0.0, 0)
        companion.submit(math.gcd, 4, 6).result(LONG)


def test_errors_travel_and_the_process_goes_on(helpers) -> None:  # type: ignore[no-untyped-def]
    with Companion() as companion:
        with pytest.raises(NkululekoError, match=r"a\.csv: is empty; fill it"):
            companion.submit(helpers.fail).result(LONG)
        with pytest.raises(ConfigError) as many:
            companion.submit(helpers.fail_often).result(LONG)
        assert len(many.value.mistakes) == 2
        with pytest.raises(ZeroDivisionError):
            companion.submit(divmod, 1, 0).result(LONG)
        with pytest.raises(ModuleNotFoundError):
            companion.submit(importlib.import_module, "no_such_module").result(LONG)
        assert companion.submit(sum, [1, 2]).result(LONG) == 3


@pytest.mark.parametrize("name", ["fail_stubbornly", "unpicklable"])
def test_what_cannot_be_pickled_is_an_error_not_a_hang(helpers, name: str) -> None:  # type: ignore[no-untyped-def]
    with Companion() as companion:
        with pytest.raises(RuntimeError, match=r"Stubborn|lambda"):
            companion.submit(getattr(helpers, name)).result(LONG)
        assert companion.submit(sum, [1, 2]).result(LONG) == 3


def test_arguments_that_cannot_be_pickled(helpers) -> None:  # type: ignore[no-untyped-def]
    with Companion() as companion:
        with pytest.raises(RuntimeError, match="lambda"):
            companion.submit(lambda: None).result(LONG)
        with pytest.raises(RuntimeError, match="lambda"):
            companion.submit(len, [np.zeros(10**6), lambda: None]).result(LONG)  # fails half way
        assert companion.submit(sum, [1, 2]).result(LONG) == 3


def test_a_function_that_only_the_parent_has() -> None:
    """What a plain script defines itself is unknown in the other process."""
    code = """
        from nkululeko.core.companion import Companion
        def mine(): return 1
        companion = Companion()
        try:
            companion.submit(mine).result(60)
        except Exception as problem:
            print(type(problem).__name__, problem)
        print(companion.submit(sum, [1, 2]).result(60))
        companion.close()
    """
    ended = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, timeout=LONG
    )
    assert "mine" in ended.stdout and ended.stdout.endswith("\n3\n") and ended.stderr == ""


@pytest.mark.parametrize("name", ["leave", "crash"])
def test_an_early_end_is_an_error(helpers, name: str) -> None:  # type: ignore[no-untyped-def]
    with Companion() as companion:
        first, second = companion.submit(getattr(helpers, name)), companion.submit(sum, [1, 2])
        for future in (first, second):
            with pytest.raises(RuntimeError, match="companion process ended early"):
                future.result(LONG)


def test_log_records_travel(helpers, caplog: pytest.LogCaptureFixture) -> None:  # type: ignore[no-untyped-def]
    with Companion() as companion, caplog.at_level(logging.INFO, "nkululeko"):
        companion.submit(helpers.log).result(LONG)
    assert [(r.name, r.levelname, r.getMessage()) for r in caplog.records] == [
        ("nkululeko", "INFO", "3 trees"),
        ("nkululeko", "WARNING", "few samples"),
        ("nkululeko.below", "WARNING", "from below"),
        ("nkululeko", "ERROR", "with a traceback"),
    ]


def test_prints_do_not_corrupt_answers(helpers, capfd: pytest.CaptureFixture[str]) -> None:  # type: ignore[no-untyped-def]
    with Companion() as companion:
        assert companion.submit(helpers.chatter).result(LONG) == "answer"
        assert companion.submit(sum, [1, 2]).result(LONG) == 3
    shown = capfd.readouterr()
    assert shown.out == ""
    for text in ("to the standard output", "to the descriptor", "from a grandchild"):
        assert text in shown.err


def test_large_arguments_and_results() -> None:
    array = np.random.default_rng(0).random((2000, 2000))
    with Companion() as companion:
        np.testing.assert_array_equal(companion.submit(np.flipud, array).result(LONG), array[::-1])


def test_close_ends_it_at_once(helpers, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    companion = Companion()
    pid = companion.submit(os.getpid).result(LONG)
    busy, waiting = companion.submit(helpers.started, tmp_path / "started"), companion.submit(sum, [1, 2])
    await_(lambda: (tmp_path / "started").exists())
    companion.close()
    assert not alive(pid)
    for future in (busy, waiting, companion.submit(sum, [1, 2])):
        with pytest.raises(RuntimeError, match="companion process ended early"):
            future.result(LONG)
    companion.close()


SCRIPT = """
import sys, time
from nkululeko.core.companion import Companion
companion = Companion()
import os
print(companion.submit(os.getpid).result(60), flush=True)
if len(sys.argv) > 1:
    companion.submit(time.sleep, 600)
time.sleep(600)
"""


@pytest.mark.parametrize("busy", [[], ["busy"]])
def test_it_ends_when_the_parent_dies(busy: list[str]) -> None:
    parent = subprocess.Popen([sys.executable, "-c", SCRIPT, *busy], stdout=subprocess.PIPE, text=True)
    assert parent.stdout
    pid = int(parent.stdout.readline())
    time.sleep(0.2 if busy else 0)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    await_(lambda: not alive(pid))


def test_ctrl_c_is_the_parents_to_handle(tmp_path: Path) -> None:
    """On a terminal the signal goes to both processes; only the parent may speak."""
    script = tmp_path / "script.py"
    script.write_text(
        "import os, sys\n"
        "from nkululeko.core.companion import Companion\n"
        "from nkululeko.core.door import guarded\n"
        "def action():\n"
        "    with Companion() as companion:\n"
        "        print(companion.submit(os.getpid).result(60), flush=True)\n"
        "        import time; companion.submit(time.sleep, 600).result()\n"
        "sys.exit(guarded(action))\n"
    )
    parent = subprocess.Popen(
        [sys.executable, script],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert parent.stdout
    pid = int(parent.stdout.readline())
    os.killpg(parent.pid, signal.SIGINT)
    _, err = parent.communicate(timeout=LONG)
    assert parent.returncode == 130
    assert err.startswith("interrupted:") and len(err.splitlines()) == 1
    await_(lambda: not alive(pid))


def test_a_plain_script_without_a_main_guard(tmp_path: Path) -> None:
    """Its body must not run again in the other process; modules beside it are found there."""
    (tmp_path / "beside.py").write_text("def triple(x): return 3 * x\n")
    script = tmp_path / "script.py"
    script.write_text(
        "print('body')\n"
        "import beside\n"
        "from nkululeko.core.companion import Companion\n"
        "companion = Companion()\n"
        "print(companion.submit(beside.triple, 14).result(60))\n"
        "companion.close()\n"
    )
    ended = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=LONG, cwd="/")
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "body\n42\n", "")


def alive(pid: int) -> bool:
    """Whether a process still runs; one that ended but was not waited for does not."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except ProcessLookupError:
        return False
    except FileNotFoundError:  # no /proc: the signal has answered
        return Path("/proc").exists() is False


def await_(condition) -> None:  # type: ignore[no-untyped-def]
    end = time.monotonic() + LONG
    while not condition():
        assert time.monotonic() < end, "never happened"
        time.sleep(0.02)
