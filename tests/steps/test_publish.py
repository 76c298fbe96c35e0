"""Publishing: the hub's own client against a server of ours, and every way to fail, which costs one line."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from nkululeko.steps.publish import files_of, repository_name

pytest.importorskip("huggingface_hub", reason="NOT TESTED: huggingface_hub is not installed")
CODE = """
import json, logging, sys
from pathlib import Path
from nkululeko.steps import publish
logging.basicConfig(format="%(message)s", level=logging.WARNING)
publish.model_card = lambda record: f"---\\nlibrary_name: nkululeko\\n---\\n# {record['name']}"
print(publish.publish("My exp!", Path(sys.argv[1]), Path(sys.argv[2])))
"""


class Hub(BaseHTTPRequestHandler):
    """What the client asks of the hub when it makes a repository and a commit; small files come in the commit."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        server: Any = self.server
        server.asked.append((self.path, self.headers.get("Authorization"), body))
        host = f"http://127.0.0.1:{server.server_port}"
        if server.refuses:
            return self._answer(401, {"error": "Invalid credentials"})
        if self.path == "/api/repos/create":
            return self._answer(200, {"url": f"{host}/me/{json.loads(body)['name']}"})
        if self.path.endswith("/preupload/main"):
            files = [
                {"path": file["path"], "uploadMode": "regular", "shouldIgnore": False}
                for file in json.loads(body)["files"]
            ]
            return self._answer(200, {"files": files})
        if self.path.endswith("/commit/main"):
            return self._answer(
                200, {"commitUrl": f"{host}/me/x/commit/1", "commitOid": "1", "success": True}
            )
        return self._answer(200, {})  # validate-yaml

    def _answer(self, code: int, content: dict[str, Any]) -> None:
        data = json.dumps(content).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@pytest.fixture
def hub() -> Iterator[Any]:
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    server.asked, server.refuses = [], False
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def trained(tmp_path: Path) -> tuple[Path, Path]:
    network = tmp_path / "run" / "models" / "model" / "network"
    network.mkdir(parents=True)
    (network / "config.json").write_text('{"model_type": "wav2vec2"}')
    (network / "model.safetensors").write_bytes(b"numbers")
    (network.parent / "head.json").write_text("{}")
    (tmp_path / "run" / "models" / "pipeline.json").write_text("{}")
    result = tmp_path / "run" / "result.json"
    result.write_text(json.dumps({"name": "Mine"}))
    return tmp_path / "run" / "models", result


def published(
    tmp_path: Path, trained: tuple[Path, Path], port: int, token: str | None = "hf_secret", **more: str
) -> Any:
    """In a process of its own, for the client reads its settings when it is imported."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    environment |= {"HF_HOME": str(tmp_path / "hf"), "HF_ENDPOINT": f"http://127.0.0.1:{port}"} | more
    environment |= {"HF_TOKEN": token} if token else {}
    command = [sys.executable, "-c", CODE, *map(str, trained)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)


def test_a_private_repository_with_card_network_and_head(hub, trained, tmp_path):
    done = published(tmp_path, trained, hub.server_port)
    assert done.stdout.strip() == f"http://127.0.0.1:{hub.server_port}/me/My-exp", done.stderr
    made = next(json.loads(body) for path, _, body in hub.asked if path == "/api/repos/create")
    assert made.get("private") is True or made.get("visibility") == "private"
    assert {token for _, token, _ in hub.asked} == {"Bearer hf_secret"}
    lines = next(body for path, _, body in hub.asked if path.startswith("/api/models/me/My-exp/commit/main"))
    found = [json.loads(line) for line in lines.splitlines()]
    files = {
        each["value"]["path"]: base64.b64decode(each["value"]["content"])
        for each in found
        if each["key"] == "file"
    }
    assert set(files) == {
        "README.md",
        "config.json",
        "model.safetensors",
        "nkululeko/model/head.json",
        "nkululeko/pipeline.json",
    }
    assert files["model.safetensors"] == b"numbers" and b"# Mine" in files["README.md"]


def test_a_token_that_is_refused(hub, trained, tmp_path):
    hub.refuses = True
    done = published(tmp_path, trained, hub.server_port)
    (line,) = done.stderr.strip().splitlines()
    assert line.startswith("the model was not published (") and f"it is safe in {trained[0]}" in line
    assert line.endswith(f"publish it later with: hf upload My-exp {trained[0]}")
    assert done.stdout.strip() == "None" and "hf_secret" not in done.stderr


def test_without_network_or_token(trained, tmp_path):
    done = published(tmp_path, trained, 9)
    (line,) = done.stderr.strip().splitlines()
    assert "the model was not published (Connect" in line and "it is safe in" in line
    done = published(tmp_path, trained, 9, token=None)
    (line,) = done.stderr.strip().splitlines()
    assert "nobody is logged in at the hub (hf auth login)" in line
    done = published(tmp_path, trained, 9, HF_HUB_OFFLINE="1")
    (line,) = done.stderr.strip().splitlines()
    assert "the model was not published (Offline" in line


@pytest.mark.parametrize("name", ["a", "Übung 1", "..", "x" * 200, "--", "a--b..c"])
def test_names_of_repositories_are_what_the_hub_takes(name):
    from huggingface_hub.utils import validate_repo_id

    validate_repo_id(repository_name(name))


def test_where_the_files_go(trained):
    assert {place for place, _ in files_of(trained[0])} >= {"config.json", "nkululeko/model/head.json"}
