"""Everything that a run leaves behind is drawn and written here."""

from __future__ import annotations

import json

from nkululeko.config.experiment import ExperimentConfig
from nkululeko.core import samples as contract
from nkululeko.core.quick import importing
from nkululeko.core.result import Result
from nkululeko.core.rundir import RunDir
from nkululeko.plots import Drawing, draw_all
from nkululeko.report.audio import clips
from nkululeko.report.machine import result_json
from nkululeko.report.page import page
from nkululeko.report.worst import worst


def warm() -> None:
    """Import and prepare what evaluation, pictures and page will need, while the model is learning."""
    from nkululeko.core import families
    from nkululeko.plots import warm as warm_plots
    from nkululeko.report.page import warm as warm_page

    with importing():
        for name in families.metrics.names():
            families.metrics.load(name)
        warm_page()
        warm_plots()


def draw(result: Result, config: ExperimentConfig) -> dict[str, bytes]:
    """All pictures: file name to content; PNG for the page whatever format is wished."""
    options = config.plot.model_dump()
    asked = [name for name, value in options.items() if value is True or isinstance(value, str)]
    if result.sheet and result.sheet.wanted:
        asked.append("value_counts")
    formats = tuple(dict.fromkeys(("png", config.plot.format)))
    return draw_all(result, Drawing(asked=tuple(asked), formats=formats, options=options))


def write(result: Result, images: dict[str, bytes], rundir: RunDir, config: ExperimentConfig) -> None:
    """Write tables, pictures and the page; what an earlier run left and this one did not make is removed."""
    write_tables(result, rundir)
    _write_page(result, images, rundir, config)


def draw_and_write(result: Result, rundir: RunDir, config: ExperimentConfig) -> None:
    """Draw all pictures, then write everything."""
    write(result, draw(result, config), rundir, config)


def write_tables(result: Result, rundir: RunDir) -> None:
    """Write what machines read: the figures and the predictions."""
    rundir.write_table("predictions.csv", contract.to_csv_text(result.predictions))
    rundir.write("result.json", json.dumps(result_json(result), indent=1, ensure_ascii=False))


def draw_page(result: Result, rundir: RunDir, config: ExperimentConfig) -> None:
    """Draw and write what people look at, the last of a run; a plain function that another process can run."""
    _write_page(result, draw(result, config), rundir, config)


def _write_page(result: Result, images: dict[str, bytes], rundir: RunDir, config: ExperimentConfig) -> None:
    """Pictures and the page."""
    prefix = f"{config.plot.name}_" if config.plot.name else ""
    for name, content in images.items():
        if name.endswith((f".{config.plot.format}", ".gif")):
            rundir.write_image(prefix + name, content)
    mistakes = worst(result)
    sounds = clips(mistake.segment for mistake in mistakes)
    html = page(result, images, sounds, config.report.title or "", config.report.author or "", mistakes)
    rundir.write("report.html", html)
    rundir.finish()
