"""What the tests of the manual share: its pages and blocks, and a folder in which its examples run.

A comment of HTML in the line before a block, which readers do not see, says how the block is tested:
``<!-- runs: NAME -->`` a complete experiment that runs; ``loads: NAME`` one that is read only;
``later: NAME [MODULE]`` one that this version refuses, or whose module it does not have;
``explores: NAME`` one that the door explore reads, ``predicts: NAME`` one of the door predict,
``exports: NAME`` one of the door export, ``compares: NAME`` one of the door multidb;
``segments: NAME``, ``resamples: NAME``, ``augments: NAME`` one of the doors segment, resample, aug_train;
``roots: NAME`` a root_folders file; ``plugin: NAME`` an experiment that needs the plug-in of the page.
Experiments that begin with lines ``; fails: MESSAGE`` have these mistakes. Other INI blocks are parts of an experiment.
Python blocks after ``<!-- runs: python -->`` are executed, those of a page after each other.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from nkululeko.quickstart import EXPERIMENT
from nkululeko.testing.corpus import write_corpus

ROOT = Path(__file__).resolve().parents[1]
DOCS, EXAMPLES = ROOT / "docs", ROOT / "examples"
PAGES = sorted(DOCS.rglob("*.md"))
#: pages with examples; the README is one of them
READ = [ROOT / "README.md", *PAGES]

_FENCE = re.compile(r"^((?:<!-- [^\n]* -->\n)?)( *)```(\w*)[^\n]*\n(.*?)^\2```", re.DOTALL | re.MULTILINE)
_KINDS = "runs|loads|explores|predicts|exports|compares|segments|resamples|augments|later|roots|plugin"
_MARK = re.compile(rf"^<!-- ({_KINDS}): (.+) -->$", re.MULTILINE)
_FAILS = re.compile(r"^; (fails): (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """One fenced block of a page.

    Args:
        page: its file name
        number: of the block in the page, for the test's name
        language: e.g. ``ini``
        text: without the fences
        marks: how it is tested: kind and argument
    """

    page: str
    number: int
    language: str
    text: str
    marks: tuple[tuple[str, str], ...]

    @property
    def kind(self) -> str:
        """The kind of its mark; ``part`` where it has none."""
        return self.marks[0][0] if self.marks else "part"

    @property
    def name(self) -> str:
        """The name in its mark."""
        return self.marks[0][1].split()[0]

    def __str__(self) -> str:
        return f"{self.page}:{self.number}"


def blocks(language: str, kind: str = "") -> list[Block]:
    """All blocks of a language, and of a kind, in all pages."""
    found = []
    for page in READ:
        title = page.relative_to(ROOT).as_posix().removeprefix("docs/")
        for number, match in enumerate(_FENCE.finditer(page.read_text("utf-8"))):
            text = re.sub(f"^{match[2]}", "", match[4], flags=re.MULTILINE)
            marks = (*_MARK.findall(match[1]), *_FAILS.findall(text))
            block = Block(title, number, match[3], text, marks)
            if block.language == language and (not kind or block.kind == kind):
                found.append(block)
    return found


def prose(page: Path) -> str:
    """A page without its blocks and inline code."""
    return re.sub(r"`[^`\n]+`", "", _FENCE.sub("", page.read_text("utf-8")))


def make_project(folder: Path) -> Path:
    """A folder as a user has it after ``nkululeko quickstart``, the corpus smaller; EmoDB's place is taken by it."""
    small = {"speakers": 8, "utterances_per_emotion": 2}
    write_corpus(folder / "quickstart" / "corpus", **small)
    write_corpus(folder / "quickstart" / "audformat", format="audformat", **small)
    (folder / "quickstart" / "quickstart.ini").write_text(EXPERIMENT)
    shutil.copytree(EXAMPLES, folder / "examples")
    (folder / "data").mkdir()
    (folder / "data" / "emodb").symlink_to(folder / "quickstart" / "audformat")
    return folder
