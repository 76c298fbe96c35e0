"""Every line once: in the log, on the terminal, in the report."""

from __future__ import annotations

import logging
import re

import pytest

from nkululeko.core.journal import LOGGER, journal


def test_each_line_is_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    logger = logging.getLogger(LOGGER)
    with journal() as log:
        for _ in range(3):
            logger.warning("%d files are broken", 2)
            logger.info("535 samples")
            logger.debug("not even kept")
        logging.getLogger(f"{LOGGER}.below").warning("from a module's own logger")
        logger.error("%s", "it cannot go on")
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.splitlines() == [
        "warning: 2 files are broken",
        "warning: from a module's own logger",
        "error: it cannot go on",
    ]
    assert log.notes == ["535 samples"]
    assert log.warnings == ["2 files are broken", "from a module's own logger", "it cannot go on"]
    lines = log.text().splitlines()
    assert [line[28:] for line in lines] == [
        "2 files are broken", "535 samples", "from a module's own logger", "it cannot go on",
    ]  # fmt: skip
    assert re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d WARNING ", lines[0])


@pytest.mark.parametrize(
    ("show", "lines"), [(logging.INFO, 2), (logging.WARNING, 1), (logging.CRITICAL + 1, 0)]
)
def test_how_much_is_shown(show: int, lines: int, capsys: pytest.CaptureFixture[str]) -> None:
    with journal(show) as log:
        logging.getLogger(LOGGER).info("a note")
        logging.getLogger(LOGGER).warning("a warning")
    assert len(capsys.readouterr().err.splitlines()) == lines
    assert len(log.text().splitlines()) == 2


def test_the_logger_is_left_as_it_was() -> None:
    logger = logging.getLogger(LOGGER)
    before = (logger.level, logger.propagate, list(logger.handlers))
    with pytest.raises(KeyError), journal():
        raise KeyError
    assert (logger.level, logger.propagate, list(logger.handlers)) == before


def test_two_runs_do_not_hear_each_others_past() -> None:
    for _ in range(2):
        with journal(logging.CRITICAL + 1) as log:
            logging.getLogger(LOGGER).warning("the same in each run")
        assert log.warnings == ["the same in each run"]
