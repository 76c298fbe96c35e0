"""The HTTP service of a bundle: a FastAPI application that keeps nothing and asks nobody.

Without ``from __future__ import annotations``: FastAPI reads the annotations of functions that are made inside others.
"""

import asyncio
import logging
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, Field

from nkululeko.core.errors import NkululekoError
from nkululeko.steps.apply import Trained
from nkululeko.steps.bundle import Bundle
from nkululeko.steps.serve_limits import App, Limits, limited
from nkululeko.steps.serve_work import Busy, Upload, Worker, scratch, shown_name

_log = logging.getLogger("nkululeko")
#: files in one request
MOST_FILES = 20
#: newer versions of FastAPI can report to others, where their environment says so: here never
_NO_TELEMETRY: Any = {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}
_UNEXPECTED = "something unexpected went wrong here"
_WAYS = """nkululeko serve
POST /predict       files: one or several recordings; speaker, window: optional
GET  /health        whether it is well
GET  /model         what it predicts, with its model card
GET  /openapi.json  all that in detail
"""


class Answer(BaseModel):
    """What the model says of one recording, or of one piece of it."""

    file: str = Field(description="as the upload calls it")
    start: float | None = Field(description="where the piece begins, in s")
    end: float | None = Field(description="where it ends, in s")
    prediction: str | float | None = Field(description="a label, or a number; null where there is an error")
    confidence: float | None = Field(description="the probability of the predicted label; null: it has none")
    probabilities: dict[str, float | None] | None = Field(description="of each label; null: it has none")
    scores: dict[str, float | None] | None = Field(description="of each label, where it has no probabilities")
    error: str | None = Field(description="why there is no prediction")


class Answers(BaseModel):
    """What the model says of all recordings of a request."""

    target: str = Field(description="what is predicted")
    results: list[Answer] = Field(description="in the order of the files")


class Health(BaseModel):
    """Whether the service is well."""

    status: str = Field(description="ok")
    name: str = Field(description="of the experiment")


class About(BaseModel):
    """What the service is."""

    name: str = Field(description="of the experiment")
    target: str = Field(description="what is predicted")
    task: str = Field(description="classification or regression")
    labels: list[str] = Field(description="the classes; empty for numbers")
    needs_speakers: bool = Field(description="whether it must be told who speaks")
    features: dict[str, str] = Field(description="feature sets and their versions")
    versions: dict[str, str] = Field(description="packages with which it was exported")
    licences: list[str] = Field(description="what users must know of the feature sets")
    card: str = Field(description="the model card, in Markdown")


class Problem(BaseModel):
    """What is wrong, in one line."""

    detail: str


def application(bundle: Bundle, trained: Trained, limits: Limits) -> App:
    """The service, ready for a server that speaks ASGI.

    Args:
        bundle: checked; its card is shown
        trained: what it holds
        limits: what a request may cost
    """
    from fastapi import FastAPI
    from fastapi.responses import PlainTextResponse

    record = bundle.record
    about = About(
        name=record.name, target=record.target, task=record.task, labels=record.labels,
        needs_speakers=trained.needs_speakers, features=record.features, versions=record.versions,
        licences=trained.licences, card=bundle.card,
    )  # fmt: skip

    async def health() -> Health:
        return Health(status="ok", name=record.name)

    async def model() -> About:
        return about

    async def ways() -> str:
        return _WAYS

    title, version = f"nkululeko: {record.target}", record.versions.get("nkululeko", "0")
    # the pages that FastAPI has for people load scripts from elsewhere: nothing leaves this computer
    app = FastAPI(title=title, version=version, docs_url=None, redoc_url=None, telemetry=_NO_TELEMETRY)
    told = {code: {"model": Problem, "description": text} for code, text in _PROBLEMS.items()}
    predict = _predict(Worker(trained, limits.waiting), record.target, limits.timeout)
    route = app.add_api_route
    route("/predict", predict, methods=["POST"], response_model=Answers, responses=told, summary="Predict")
    route("/health", health, methods=["GET"], response_model=Health, summary="Whether it is well")
    route("/model", model, methods=["GET"], response_model=About, summary="What it is")
    route("/", ways, methods=["GET"], response_class=PlainTextResponse, summary="What there is to ask")
    _one_line_errors(app)
    return limited(app, limits)


def _predict(worker: Worker, target: str, timeout: float) -> Callable[..., Any]:
    """What answers a request for predictions."""
    from fastapi import File, Form, UploadFile
    from starlette.concurrency import run_in_threadpool

    recordings = File(description="recordings: wav, flac, ogg or mp3", max_length=MOST_FILES)
    who = Form(description="who speaks in all of them", max_length=200)
    pieces = Form(description="cut recordings into pieces of so many s; 0: they stay whole", ge=0, le=600)

    async def predict(
        files: Annotated[list[UploadFile], recordings],
        speaker: Annotated[str, who] = "",
        window: Annotated[float, pieces] = 0.0,
    ) -> Any:
        folder = await run_in_threadpool(scratch)
        try:
            uploads = await run_in_threadpool(_kept, [(file.filename, file.file) for file in files], folder)
            job = worker.submit(uploads, folder, speaker, window)
        except Busy:
            return _problem(503, "too many requests are waiting: try again in a moment")
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        try:
            found = await asyncio.wait_for(asyncio.wrap_future(job), timeout)
        except TimeoutError:
            return _problem(504, f"the answer took longer than {timeout:g} s")
        except NkululekoError as problem:
            return _problem(422, " ".join(str(problem).split()))
        except Exception as problem:  # of whatever library: the client is told that, and no more
            _log.error("unexpected %s: %s", type(problem).__name__, problem)
            return _problem(500, _UNEXPECTED)
        return {"target": target, "results": found}

    return predict


def _one_line_errors(app: Any) -> None:
    """Whatever is wrong is said in one line, and never tells of this computer."""
    from fastapi.exceptions import RequestValidationError

    async def wrong_form(request: Any, problem: Any) -> Any:
        first = problem.errors()[0]
        place = ".".join(str(part) for part in first["loc"] if part != "body")
        return _problem(422, f"{place}: {first['msg']}" if place else str(first["msg"]))

    app.add_exception_handler(RequestValidationError, wrong_form)


_PROBLEMS: dict[int | str, str] = {
    400: "The request is broken", 408: "The upload was too slow", 413: "The upload is too large",
    422: "No recording could be used, or a field is wrong", 500: "Something unexpected went wrong",
    503: "Too many requests are waiting", 504: "The answer took too long",
}  # fmt: skip


def _problem(code: int, text: str) -> Any:
    from fastapi.responses import JSONResponse

    return JSONResponse({"detail": text}, code)


def _kept(files: Sequence[tuple[str | None, Any]], folder: Path) -> list[Upload]:
    """The files, copied into the folder of their request under names of ours."""
    uploads: list[Upload] = []
    for number, (name, source) in enumerate(files):
        path = folder / f"{number}"
        with path.open("wb") as out:
            shutil.copyfileobj(source, out)
        shown = shown_name(name)
        taken = {upload.name for upload in uploads}
        uploads.append(Upload(f"{shown} ({number + 1})" if shown in taken else shown, path))
    return uploads
