"""``[REPORT]``: the report."""

from __future__ import annotations

from nkululeko.config.declare import Section, option


class Report(Section):
    """The report."""

    ini_section = "REPORT"

    title: str | None = option(None, "its title; not given: the experiment's name")
    author: str | None = option(None, "its author")
    show: bool = option(False, "open it", planned=True)
    fresh: bool = option(False, "start a new one", planned=True)
    latex: str | bool = option(False, "also write it as LaTeX", planned=True)
