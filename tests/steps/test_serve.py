"""The HTTP service: a real one, in a process of its own, asked over the loopback; and fuzzed."""

from __future__ import annotations

import http.client
import io
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable

from finished_runs import learn, write_ini
from nkululeko import export_model
from nkululeko import serve as door
from nkululeko.core.errors import NkululekoError
from nkululeko.core.samples import segmented_index
from nkululeko.steps.apply import open_trained
from nkululeko.steps.apply_files import LONGEST, Hearing, predict_segments

for package in ("fastapi", "uvicorn", "python_multipart"):
    pytest.importorskip(package, reason=f"NOT TESTED: {package} is not installed")

from nkululeko.steps.serve_limits import Limits, limited  # noqa: E402
from nkululeko.steps.serve_work import Busy, Upload, Worker, answer, scratch, unusable  # noqa: E402

CARD = json.dumps(
    {
        "name": "exp", "task": "classification", "target": "emotion", "labels": ["anger"], "measure": "uar",
        "scores": {"uar": {"label": "UAR", "value": 0.8, "low": 0.6, "high": 0.9}}, "test_samples": 4,
        "interval": {"unit": "speakers", "groups": 4, "resamples": 1000, "level": 0.95},
    }
)  # fmt: skip


@dataclass
class Service:
    """A service that runs: its address, what it serves, and where its temporary files go."""

    port: int
    bundle: Path
    files: list[str]
    store: Path
    temporary: Path

    def ask(self, method: str, path: str, body=None, headers=None, timeout: float = 20):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return response.status, response.read(), dict(response.getheaders())
        finally:
            connection.close()

    def get(self, path: str):
        code, body, _ = self.ask("GET", path)
        assert code == 200
        return json.loads(body)

    def predict(self, *files: tuple[str, bytes], **fields):
        body, kind = multipart(files, fields)
        code, said, _ = self.ask("POST", "/predict", body, {"Content-Type": kind})
        return code, json.loads(said)


def all_of(connection: socket.socket) -> str:
    """What comes until the other side hangs up."""
    parts = []
    while part := connection.recv(4096):
        parts.append(part)
    return b"".join(parts).decode()


def multipart(files, fields) -> tuple[bytes, str]:
    parts = []
    for name, content in files:
        head = f'--BOUND\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'
        parts += [head.encode(), content, b"\r\n"]
    for name, value in fields.items():
        parts.append(f'--BOUND\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode())
    return b"".join([*parts, b"--BOUND--\r\n"]), "multipart/form-data; boundary=BOUND"


def started(bundle: Path, temporary: Path, *arguments: str) -> tuple[subprocess.Popen, int]:
    """A service of its own process, ready."""
    process = subprocess.Popen(
        [sys.executable, "-m", "nkululeko.serve", str(bundle), "--port", "0", *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={**os.environ, "TMPDIR": str(temporary)},
    )  # fmt: skip
    assert process.stdout
    for line in process.stdout:
        if found := re.search(r"http://\S+:(\d+); stop", line):
            return process, int(found[1])
    raise AssertionError("it did not start")


@pytest.fixture(scope="module")
def service(tmp_path_factory, corpus, store) -> Iterator[Service]:
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("service")
        patch.chdir(folder)
        run, test = learn(write_ini(folder, corpus, store), "exp", "MODEL.type=xgb", result=CARD)
        bundle = export_model.export(run, folder / "bundle.zip").path
    (folder / "tmp").mkdir()
    process, port = started(bundle, folder / "tmp", "--timeout", "10")
    files = [str(file) for file in test.index.get_level_values("file")[:3]]
    try:
        yield Service(port, bundle, files, store, folder / "tmp")
    finally:
        process.terminate()
        process.wait(10)


def sound(file: str) -> tuple[str, bytes]:
    return Path(file).name, Path(file).read_bytes()


def noise(seconds: float, rate: int = 16000) -> bytes:
    out = io.BytesIO()
    values = np.random.default_rng(1).normal(0, 0.1, int(seconds * rate))
    soundfile.write(out, values, rate, format="WAV")
    return out.getvalue()


def test_the_numbers_are_those_of_the_bundle(service):
    samples = pd.DataFrame(index=segmented_index(service.files))
    expected = pd.concat(predict_segments(open_trained(service.bundle), samples, Hearing(service.store, 1)))
    code, said = service.predict(*map(sound, service.files))
    assert code == 200 and said["target"] == "emotion"
    assert [row["file"] for row in said["results"]] == [Path(file).name for file in service.files]
    for row, (_, want) in zip(said["results"], expected.iterrows(), strict=True):
        assert row["prediction"] == want["prediction"] and row["error"] is None
        assert row["confidence"] == pytest.approx(want["confidence"], rel=1e-6)
        assert row["probabilities"]["anger"] == pytest.approx(want["p_anger"], rel=1e-6)
        assert row["scores"] is None and row["start"] == 0 and row["end"] > 0.2


def test_pieces(service):
    code, said = service.predict(("a.wav", noise(2.5)), window=1)
    assert code == 200
    assert [(row["start"], row["end"]) for row in said["results"]] == [(0, 1), (1, 2), (2, 2.5)]


def test_what_it_is(service):
    assert service.get("/health") == {"status": "ok", "name": "exp"}
    about = service.get("/model")
    assert about["target"] == "emotion" and "anger" in about["labels"] and not about["needs_speakers"]
    assert about["card"].startswith("---\n") and "## Limits" in about["card"]
    code, body, headers = service.ask("GET", "/")
    assert code == 200 and b"/predict" in body and headers["content-type"].startswith("text/plain")
    assert "server" not in {name.lower() for name in headers}
    schema = service.get("/openapi.json")
    assert set(schema["paths"]) == {"/predict", "/health", "/model", "/"}


def test_no_page_loads_anything_from_elsewhere(service):
    for path in ("/docs", "/redoc"):
        assert service.ask("GET", path)[0] == 404
    assert b"http" not in service.ask("GET", "/")[1]


def test_a_file_that_cannot_be_used_among_good_ones(service):
    code, said = service.predict(
        ("text.wav", b"this is no sound"), sound(service.files[0]), ("click.wav", noise(0.001))
    )
    assert code == 200
    assert [row["prediction"] is None for row in said["results"]] == [True, False, True]
    assert "no sound that can be read" in said["results"][0]["error"]
    assert "click.wav" in said["results"][2]["error"] or "short" in said["results"][2]["error"]
    assert "/tmp" not in json.dumps(said) and "nkululeko-serve" not in json.dumps(said)


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("page.html", b"<script>alert(1)</script>", "page.html: is no sound that can be read"),
        ("empty.wav", b"", "empty.wav: is an empty file"),
        ("broken.wav", noise(0.5)[:30], "broken.wav: is no sound that can be read"),
        ("header.wav", noise(0.5)[:44], "header.wav: holds no sound"),
        ("photo.jpg", b"\xff\xd8\xff\xe0" + bytes(500), "is no sound that can be read"),
        ("program.wav", b"\x7fELF" + bytes(500), "is no sound that can be read"),
        ("../../etc/passwd", b"root", "no sound that can be read"),
    ],
)
def test_what_is_no_sound(service, name, content, what):
    code, said = service.predict((name, content))
    assert code == 422 and what in said["detail"] and "\n" not in said["detail"]
    assert str(service.temporary) not in said["detail"]


def test_half_a_recording_is_one_row(service):
    code, _ = service.predict(("half.wav", noise(1)[:20000]))
    assert code in (200, 422)


def test_more_than_half_an_hour(service, tmp_path):
    with soundfile.SoundFile(tmp_path / "long.flac", "w", 1000, 1) as file:
        for _ in range(int(LONGEST) + 1):
            file.write(np.zeros(1000))
    began = time.monotonic()
    code, said = service.predict(("long.flac", (tmp_path / "long.flac").read_bytes()))
    assert code == 422 and "is longer than 30 minutes; cut it into pieces" in said["detail"]
    assert time.monotonic() - began < 2


def test_an_upload_that_is_too_large_is_refused_before_it_is_read(service):
    with socket.create_connection(("127.0.0.1", service.port), timeout=5) as connection:
        head = (
            "POST /predict HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: multipart/form-data; boundary=B\r\n"
        )
        connection.sendall(f"{head}Content-Length: 500000000\r\n\r\n".encode())  # and not a byte of it
        said = all_of(connection)
    assert said.startswith("HTTP/1.1 413") and "larger than 50 MB" in said


@pytest.mark.parametrize("length", [True, False])
def test_60_mb(service, length):
    """Refused by its length; or, sent in chunks without one, by counting."""

    def chunks() -> Iterator[bytes]:
        yield multipart([("a.wav", b"")], {})[0].removesuffix(b"\r\n--BOUND--\r\n")
        for _ in range(60):
            yield bytes(1_000_000)

    body = b"".join(chunks()) if length else chunks()
    try:
        code, said, _ = service.ask(
            "POST", "/predict", body, {"Content-Type": "multipart/form-data; boundary=BOUND"}
        )
        assert code == 413 and b"larger than 50 MB" in said
    except (BrokenPipeError, ConnectionResetError):
        pass  # it hung up before all was sent: as good
    assert service.get("/health")["status"] == "ok"


def test_a_host_of_another_site_gets_nothing(service):
    code, said, _ = service.ask("GET", "/model", headers={"Host": "evil.example:80"})
    assert code == 421 and b"card" not in said
    for host in ("localhost:1", "[::1]:8000", "127.0.0.1"):
        assert service.ask("GET", "/health", headers={"Host": host})[0] == 200


@pytest.mark.parametrize(
    ("body", "kind", "code"),
    [
        (b"", None, 422),
        (b"{}", "application/json", 422),
        (b"nonsense", "multipart/form-data; boundary=B", 400),
        (b"nonsense", "multipart/form-data", 400),
        (b"files=a", "application/x-www-form-urlencoded", 422),
    ],
)
def test_broken_requests(service, body, kind, code):
    found, said, _ = service.ask("POST", "/predict", body, {"Content-Type": kind} if kind else {})
    assert found == code and isinstance(json.loads(said)["detail"], str)


def test_wrong_fields_are_said_in_one_line(service):
    code, said = service.predict(sound(service.files[0]), window="-1")
    assert code == 422 and said["detail"].startswith("window: ")
    code, said = service.predict(*[("a.wav", b"x")] * 21)
    assert code == 422 and said["detail"].startswith("files: ")


def test_two_at_once_and_many(service):
    one = sound(service.files[0])
    expected = service.predict(one)
    with ThreadPoolExecutor(6) as pool:
        found = [job.result() for job in [pool.submit(service.predict, one) for _ in range(6)]]
    assert all(each == expected for each in found)


def test_no_recording_is_kept(service):
    service.predict(*map(sound, service.files))
    service.predict(("text.wav", b"no sound"))
    time.sleep(0.3)
    left = [path.name for path in service.temporary.iterdir()]
    assert [name for name in left if not name.startswith("nkululeko-bundle-")] == []
    for path in service.temporary.rglob("*"):
        assert path.suffix not in (".wav", ".parquet", ".sqlite")


def test_fuzzed(service):
    """Whatever is sent, what comes back is as the schema says, and never an error of the server."""
    schemathesis = pytest.importorskip("schemathesis", reason="NOT TESTED: schemathesis is not installed")
    from schemathesis import checks

    schema = schemathesis.openapi.from_url(f"http://127.0.0.1:{service.port}/openapi.json")
    wanted = [
        checks.not_a_server_error, checks.CHECKS.get_one("status_code_conformance"),
        checks.CHECKS.get_one("content_type_conformance"), checks.CHECKS.get_one("response_schema_conformance"),
    ]  # fmt: skip
    fuzzing = settings(
        max_examples=60, deadline=None, phases=[Phase.explicit, Phase.generate], database=None, derandomize=True,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    seen: list[tuple[str, int]] = []

    def asked(case) -> None:
        response = case.call_and_validate(checks=wanted)
        seen.append((case.operation.label, response.status_code))

    for operation in schema.get_all_operations():
        for mode in schemathesis.GenerationMode:
            try:
                fuzzing(given(case=operation.ok().as_strategy(generation_mode=mode))(asked))()
            except Unsatisfiable:
                assert not operation.ok().body  # without anything to send, there is nothing wrong to send
    assert {label for label, _ in seen} == {"POST /predict", "GET /health", "GET /model", "GET /"}
    assert {code for label, code in seen if label == "POST /predict"} >= {400, 422} or len(seen) > 100


class TestSlow:
    """Who is slow is not waited for."""

    @pytest.fixture
    def quick(self, service, tmp_path):
        process, port = started(service.bundle, tmp_path, "--timeout", "1")
        yield Service(port, service.bundle, service.files, service.store, tmp_path)
        process.terminate()
        process.wait(10)

    def test_an_upload_that_never_ends(self, quick):
        with socket.create_connection(("127.0.0.1", quick.port), timeout=10) as connection:
            head = "POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=B\r\n"
            connection.sendall(f"{head}Content-Length: 1000\r\n\r\n--B\r\n".encode())
            began = time.monotonic()
            said = all_of(connection)
        assert said.startswith("HTTP/1.1 408") and "took longer than 1 s" in said
        assert time.monotonic() - began < 4


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_nothing_is_left_when_it_is_stopped(service, tmp_path, name):
    process, port = started(service.bundle, tmp_path)
    other = Service(port, service.bundle, service.files, service.store, tmp_path)
    assert other.get("/health")["status"] == "ok"
    assert list(tmp_path.iterdir()), "the zip was unpacked somewhere else"
    process.send_signal(getattr(signal, name))
    assert process.wait(10) in (0, 130)
    assert not list(tmp_path.iterdir())
    assert "Traceback" not in process.stdout.read()


class TestWorker:
    """One after the other, some waiting, and nothing left behind."""

    @pytest.fixture
    def trained(self, service):
        return open_trained(service.bundle)

    @staticmethod
    def job(service) -> tuple[list[Upload], Path]:
        folder = scratch()
        path = folder / "0"
        shutil.copy(service.files[0], path)
        return [Upload("a.wav", path)], folder

    def test_the_folder_goes(self, trained, service):
        worker = Worker(trained, 2)
        uploads, folder = self.job(service)
        assert worker.submit(uploads, folder, "", 0.0).result()[0]["prediction"]
        worker.close()
        assert not folder.exists()

    def test_too_many(self, trained, service, monkeypatch):
        from nkululeko.steps import serve_work

        go = threading.Event()
        monkeypatch.setattr(serve_work, "answer", lambda *given: go.wait(10))
        worker = Worker(trained, 1)
        jobs = [self.job(service) for _ in range(3)]
        for uploads, folder in jobs[:2]:
            worker.submit(uploads, folder, "", 0.0)
        with pytest.raises(Busy):
            worker.submit(*jobs[2], "", 0.0)
        assert not jobs[2][1].exists()
        go.set()
        worker.close()
        assert not [folder for _, folder in jobs if folder.exists()]
        again = Worker(trained, 1)
        uploads, folder = self.job(service)
        monkeypatch.undo()
        assert again.submit(uploads, folder, "", 0.0).result()
        again.close()

    def test_a_model_that_must_know_the_speaker(self, bench, service):
        ini = write_ini(bench.folder, bench.corpus, bench.store)
        run, _ = learn(ini, "exp", "FEATS.scale=speaker", "MODEL.type=svm", result=CARD)
        trained = open_trained(run)
        uploads, folder = self.job(service)
        with pytest.raises(NkululekoError, match="must know who speaks"):
            answer(trained, uploads, folder)
        (row,) = answer(trained, uploads, folder, "somebody")
        assert (
            row["prediction"] and row["scores"] and row["probabilities"] is None and row["confidence"] is None
        )
        shutil.rmtree(folder)

    def test_days_of_silence_are_not_decoded(self, tmp_path):
        path = tmp_path / "x.flac"
        with soundfile.SoundFile(path, "w", 8000, 1) as file:
            for _ in range(40):
                file.write(np.zeros(8000 * 60))
        began = time.monotonic()
        assert "longer than 30 minutes" in unusable(path)
        assert time.monotonic() - began < 0.5


class TestDoor:
    """What can go wrong before it listens."""

    def test_a_port_that_is_taken(self, service):
        with pytest.raises(NkululekoError, match=f"port {service.port}.*--port {service.port + 1}"):
            door.serve(service.bundle, port=service.port)

    @pytest.mark.parametrize(
        ("options", "what"),
        [
            ({"port": 70000}, "port"),
            ({"host": "no.such.host.invalid"}, "cannot listen"),
            ({"max_mb": 0}, "--max-mb"),
            ({"timeout": -1}, "--timeout"),
        ],
    )
    def test_wrong_arguments(self, service, options, what):
        with pytest.raises(NkululekoError, match=what):
            door.serve(service.bundle, **options)

    def test_no_bundle(self, tmp_path):
        with pytest.raises(NkululekoError, match="no such bundle"):
            door.serve(tmp_path / "nothing.zip")

    def test_a_missing_package(self, service, monkeypatch):
        find = door.importlib.util.find_spec
        monkeypatch.setattr(
            door.importlib.util, "find_spec", lambda name: None if name == "python_multipart" else find(name)
        )
        with pytest.raises(NkululekoError, match=r'python-multipart; pip install "nkululeko\[serve\]"'):
            door.serve(service.bundle)

    def test_others_may_come_only_with_a_warning(self, service, monkeypatch):
        import uvicorn

        said: list[str] = []
        monkeypatch.setattr(uvicorn.Server, "run", lambda self, sockets: [each.close() for each in sockets])
        door.serve(service.bundle, host="0.0.0.0", port=0, say=said.append)
        assert said[0].startswith("warning: whoever can reach 0.0.0.0") and "no password" in said[0]
        said.clear()
        door.serve(service.bundle, port=0, say=said.append)
        assert len(said) == 1


def test_limits_alone():
    """Without any server: what the application gets, and what it never gets."""
    import asyncio

    got: list[int] = []

    async def app(scope, receive, send) -> None:
        more = True
        while more:
            message = await receive()
            got.append(len(message["body"]))
            more = message["more_body"]
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"fine"})

    def asked(sizes: list[int], headers=()) -> list[int]:
        parts = [
            {"type": "http.request", "body": bytes(n), "more_body": i < len(sizes) - 1}
            for i, n in enumerate(sizes)
        ]
        codes: list[int] = []

        async def receive():
            return parts.pop(0)

        async def send(message) -> None:
            if message["type"] == "http.response.start":
                codes.append(message["status"])

        scope = {"type": "http", "headers": list(headers)}
        asyncio.run(limited(app, Limits(max_mb=0.001))(scope, receive, send))
        return codes

    assert asked([500, 500]) == [200] and got == [500, 500]
    got.clear()
    assert asked([500, 501]) == [413] and got == [500]
    got.clear()
    assert asked([1], [(b"content-length", b"1001")]) == [413] and got == []
    assert asked([1], [(b"content-length", b"-5")]) == [200]
