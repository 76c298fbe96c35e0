"""Letters that the drawing library's own font lacks, as in Chinese or Japanese labels: never a warning, never a gap."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from nkululeko.plots import _style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: comes with the drawing library, so it is everywhere
OWN = "DejaVu Sans"
#: fonts with letters of many scripts, as Linux, macOS and Windows bring them; the first that is there is taken
FALLBACKS = (
    "Noto Sans CJK JP", "Noto Sans CJK SC", "Noto Sans JP", "Noto Sans SC", "Source Han Sans",
    "IPAexGothic", "WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "Droid Sans Fallback", "Arial Unicode MS",
    "Microsoft YaHei", "Yu Gothic", "Malgun Gothic", "PingFang SC", "Hiragino Sans", "Apple SD Gothic Neo",
    "Nirmala UI", "Noto Sans Devanagari", "Noto Sans Thai", "Noto Sans Ethiopic",
)  # fmt: skip
#: stands for a letter that no font here has
MISSING = "□"
NOTE = "□: no font here has this letter; a font such as Noto Sans CJK brings it"


@cache
def _faces(name: str) -> tuple[Any, ...]:
    """The regular and the bold face of a font; none where it is not installed."""
    from matplotlib.font_manager import FontProperties, findfont, get_font

    try:
        paths = [
            findfont(FontProperties(family=name, weight=w), fallback_to_default=False) for w in (400, 700)
        ]
    except ValueError:
        return ()
    return tuple(get_font(path) for path in paths)


@cache
def _families() -> tuple[str, ...]:
    """The fonts that are there, the drawing library's own first."""
    from matplotlib.font_manager import fontManager

    installed = {font.name for font in fontManager.ttflist}
    return (OWN, *(name for name in FALLBACKS if name in installed))


@cache
def _family(letter: str) -> str | None:
    """The first font that has a letter, plain and bold."""
    for name in _families():
        faces = _faces(name)
        if faces and all(face.get_char_index(ord(letter)) for face in faces):
            return name
    return None


def shown(text: object, width: int = 28) -> str:
    r"""A label as plots may write it: one line, no formulas, and only letters that some font here has.

    Example:
        >>> shown("a$b")
        'a\\$b'
    """
    line = _style.plain(text, width)
    if line.isascii():
        return line
    return "".join(c if c.isascii() or _family(c) else MISSING for c in line)


def short(text: object, width: int = 28) -> str:
    r"""The same before it is made ready for plots: for words that are still to be put together.

    Example:
        >>> short("a$b")
        'a$b'
    """
    return _style.plain(text, width).replace(r"\$", "$")


def lacks(text: str) -> bool:
    """Whether a text that was made by :func:`shown` misses a letter."""
    return MISSING in text


def choose_fonts(figure: Figure) -> None:
    """Give those texts of a figure that need them the other fonts that are installed."""
    from matplotlib.text import Text

    for text in figure.findobj(Text):
        families = {_family(c) for c in text.get_text() if not c.isascii()} - {OWN, None}
        if families:
            text.set_fontfamily([name for name in _families() if name == OWN or name in families])
