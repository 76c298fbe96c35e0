"""What the tests of Spotlight share: a program that behaves like it, and an exploration to be shown."""

from __future__ import annotations

import contextlib
import http.client
import sys
from pathlib import Path

import pandas as pd

from nkululeko.core.exploration import Exploration, Variable
from nkululeko.core.samples import segmented_index

#: answers like Spotlight, and starts a process of its own as Spotlight does; quick, and needs nothing installed
FAKE = """
import http.server, os, subprocess, sys, time
def main():
    words = sys.argv[1:]
    for name in ("XDG_CACHE_HOME", "SPOTLIGHT_OPT_OUT", "SPOTLIGHT_DEV", "PYTHONPATH"):
        print(name, os.environ.get(name))
    print("words", words)
    print("child", subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]).pid)
    port = int(words[words.index("--port") + 1])
    http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<title>Spotlight</title>")
    def log_message(self, *args):
        pass
"""


def make_python(folder: Path, cli: str = FAKE) -> Path:
    """A Python that has a package called Spotlight."""
    package = folder / "lib" / "renumics" / "spotlight"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "cli.py").write_text(cli)
    about = folder / "lib" / "renumics_spotlight-1.8.9.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: renumics-spotlight\nVersion: 1.8.9\n")
    program = folder / "python"
    program.write_text(f'#!/bin/sh\nPYTHONPATH="{folder}/lib" exec "{sys.executable}" "$@"\n')
    program.chmod(0o755)
    return program


def make_samples(files=("/data/a/1.wav", "/data/a/2.wav", "/data/b/1.wav", "/data/b/1.wav")):
    starts = pd.to_timedelta([0, 0, 0.25, 1], unit="s")
    ends = pd.to_timedelta([1.5, 2, 1, 1.75], unit="s")
    columns = {
        "emotion": ["anger", "joy", None, "anger"],
        "speaker": ["1", "1", "2", "2"],
        "age": [31, 31, 40, None],
        "database": ["db"] * 4,
        "split": ["train", "train", "test", "test"],
        "duration": [1.5, 2.0, 0.75, 0.75],
    }
    return pd.DataFrame(columns, index=segmented_index(list(files), starts, ends))


def make_exploration(folder, samples, maps=()):
    target = Variable("emotion", "category", samples["emotion"], ("anger", "joy"))
    return Exploration("exp", target, "all", samples, 2, maps=maps, folder=folder)


def is_running(pid):
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def answers(address):
    connection = http.client.HTTPConnection(address.split("/")[2], timeout=5)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def fetch(address, path):
    """What the server answers."""
    connection = http.client.HTTPConnection(address.split("/")[2], timeout=30)
    try:
        connection.request("GET", f"/{path}")
        return connection.getresponse().read()
    finally:
        connection.close()
