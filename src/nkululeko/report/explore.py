"""What an exploration found: one self-contained page, the same for machines, and the terminal's summary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from nkululeko.report import explore_words as words
from nkululeko.report.page import Picture, address, render
from nkululeko.report.page import pictures as loaded
from nkululeko.report.plain import plain, rows
from nkululeko.report.sheet_blocks import Block, blocks
from nkululeko.report.tables import provenance as origin
from nkululeko.report.text import clean, count, duration, shortened

if TYPE_CHECKING:
    import pandas as pd

    from nkululeko.core.exploration import Association, Exploration, FeatureMap, FeatureRanking
    from nkululeko.core.sheet import Sheet
    from nkululeko.report.audio import Clip
    from nkululeko.report.worst import Segment

#: suspicious recordings with a player
MOST_SOUNDS = 12
#: features in the table of the page
MOST_FEATURES = 30


#: pictures of the ranking that stand above its table, and their words for those who cannot see them
OF_RANKING = {
    "feature_importance": "Bars of the best features; the table below holds the same figures.",
    "feature_correlation": "Heat map: rank correlations of the best features.",
    "feature_tree": "A small decision tree on the features.",
}


@dataclass(frozen=True)
class Drawn:
    """A picture, and what it shows.

    Args:
        view: that drew it, e.g. ``associations``
        name: of the file, without its ending
        content: PNG
        subject: name of the association, or method of the map, where it shows one
    """

    view: str
    name: str
    content: bytes
    subject: str = ""


@dataclass(frozen=True)
class Shown:
    """One association as the page shows it: its pictures (the first open), and what the tests say."""

    anchor: str
    title: str
    pictures: Sequence[Picture]
    lines: Sequence[str]
    notes: Sequence[str] = ()


@dataclass(frozen=True)
class Card:
    """One suspicious recording."""

    file: str
    path: str
    facts: Sequence[tuple[str, str]]
    source: str = ""
    silence: str = ""
    length: str = ""


def explore_page(
    exploration: Exploration, drawn: Sequence[Drawn] = (), tested: Sequence[Association] | None = None,
    sheet: Sheet | None = None, sounds: Mapping[Segment, Clip | None] | None = None, *, title: str = "",
    author: str = "", map_page: str = "",
) -> str:  # fmt: skip
    """An exploration as one HTML page.

    Args:
        exploration: what was found
        drawn: the pictures
        tested: all associations that were tested, also those that are not drawn; None: those that are
        sheet: what the data are; None: that part is left out
        sounds: clips of suspicious recordings, from :func:`nkululeko.report.audio.clips`; None: no players
        title: of the page; the experiment's name without one
        author: named below the title
        map_page: file name of the interactive map, beside the page; empty: there is none

    Returns:
        the page; can be written as UTF-8 whatever the labels hold
    """
    every = [*exploration.associations, *exploration.shown, *exploration.pairs]
    tested = every if tested is None else tested
    parts = [] if sheet is None else blocks(sheet)
    sections = {
        "associations": [_shown(each, "associations", drawn) for each in exploration.associations],
        "chosen": [_shown(each, "shown_features", drawn) for each in exploration.shown],
        "pairs": [_shown(each, "regplots", drawn) for each in exploration.pairs],
    }
    ranking = exploration.ranking
    return render(
        "explore.html",
        exploration=exploration,
        title=clean(title or exploration.name),
        author=clean(author),
        figures=figures(exploration),
        findings=_findings(exploration, sections, parts, drawn),
        statistics=words.statistics(tested),
        within=words.statistics(tested, within=True),
        ranked=words.ranked(ranking, MOST_FEATURES) if ranking is not None else None,
        **sections,
        overview=_pictures(drawn, "overview", f"Distribution of {clean(exploration.target.name)}."),
        importance=[picture for view, alt in OF_RANKING.items() for picture in _pictures(drawn, view, alt)],
        distributions=_pictures(drawn, "feature_distributions", "Distribution of the best features."),
        mapped=_mapped(drawn),
        methods=len({each.subject for each in drawn if each.view == "maps"}),
        common=_common(sections["associations"]),
        others=_pictures(drawn, "", ""),
        cards=_cards(exploration.suspicious, sounds),
        recordings=None if exploration.suspicious is None else words.suspicious(exploration.suspicious),
        suspicious=len(words.recordings(exploration.suspicious)),
        with_audio=any((sounds or {}).values()),
        maps=[_of_map(found) for found in exploration.maps],
        map_page=map_page,
        blocks=parts,
        pictures={},
        words=words,
        provenance=origin(exploration.provenance),
        licences=[clean(line) for line in exploration.provenance.get("licences", ())],
    )


def _pictures(drawn: Sequence[Drawn], view: str, alt: str) -> list[Picture]:
    """The pictures of a view; of those that the page does not know where ``view`` is empty."""
    known = {
        "associations",
        "shown_features",
        "regplots",
        "overview",
        "feature_distributions",
        "maps",
        *OF_RANKING,
    }
    mine = [each for each in drawn if (each.view == view if view else each.view not in known)]
    return [_picture(each, alt or f"{clean(each.name)}.") for each in mine]


def _mapped(drawn: Sequence[Drawn]) -> list[Picture]:
    """The maps; first those that are coloured by the target, one of each method."""
    of_maps = [each for each in drawn if each.view == "maps"]
    first = {each.subject: each for each in reversed(of_maps)}
    ordered = [*(each for each in of_maps if first[each.subject] is each)]
    ordered += [each for each in of_maps if first[each.subject] is not each]
    return [_picture(each, f"Map of the samples, {each.name.replace('_', ' ')}.") for each in ordered]


def _common(found: Sequence[Shown]) -> list[str]:
    """The notes that all associations have in common: they are said once."""
    if len(found) < 2:
        return []
    return [line for line in found[0].notes if all(line in each.notes for each in found)]


def _picture(drawn: Drawn, alt: str) -> Picture:
    (picture,) = loaded({f"{drawn.name}.png": drawn.content}).values()
    return replace(picture, alt=alt)


def figures(exploration: Exploration) -> list[tuple[str, str]]:
    """The largest figures of the page, with their units."""
    samples = exploration.samples
    found = [(count(len(samples)), "sample" if len(samples) == 1 else "samples")]
    if exploration.speakers is not None:
        found.append((count(exploration.speakers), "speaker" if exploration.speakers == 1 else "speakers"))
    if "duration" in samples:
        length, unit = duration(float(samples["duration"].sum()) / 3600).split()
        found.append((length, unit))
    if exploration.target.is_category:
        classes = len(exploration.target.levels)
        found.append((count(classes), "class" if classes == 1 else "classes"))
    if exploration.ranking is not None:
        features = len(exploration.ranking.table)
        found.append((count(features), "feature" if features == 1 else "features"))
    return found


def _shown(association: Association, view: str, drawn: Sequence[Drawn]) -> Shown:
    title, lines = words.told(association), words.lines(association)
    alt = shortened(f"{title}. {lines[0] if lines else ''}".strip(), 300)
    own = [_picture(each, alt) for each in drawn if (each.view, each.subject) == (view, association.name)]
    notes = list(dict.fromkeys(words.sentence(line) for line in association.notes))
    return Shown(_anchor(view, association.name), title, own, lines, notes)


def _anchor(view: str, name: str) -> str:
    """A name as the target of a link: whatever it holds, it is unique and harmless."""
    return f"{view}-" + "".join(
        sign if sign.isascii() and sign.isalnum() else f".{ord(sign):x}" for sign in name
    )


def _findings(
    exploration: Exploration,
    sections: Mapping[str, Sequence[Shown]],
    parts: Sequence[Block],
    drawn: Sequence[Drawn],
) -> list[tuple[str, str, str]]:
    """Kind, text and link of each finding; an empty link where the page has no such part."""
    known = {shown.anchor for found in sections.values() for shown in found}
    places = {"statistics", *(f"data-{block.name}" for block in parts)}
    if exploration.suspicious is not None and len(exploration.suspicious):
        places.add("suspicious")
    if exploration.ranking is not None:
        places.add("features")
    if any(each.view == "overview" for each in drawn):
        places.add("target")
    found = []
    for finding in exploration.findings:
        anchors = [_anchor(view, finding.link) for view in ("associations", "shown_features", "regplots")]
        anchor = next((name for name in anchors if name in known), "")
        if not anchor:
            fallback = {"recording": "suspicious", "feature": "features"}.get(finding.kind, "statistics")
            # a page without this part: its figures are in the data sheet, or in the table
            link = "parts" if finding.link == "speakers" else finding.link
            candidates = (link, f"data-{link}", fallback)
            anchor = next((name for name in candidates if name in places), "")
        found.append((words.kind_of(finding), clean(finding.text), anchor))
    return found


def _of_map(found: FeatureMap) -> tuple[str, str]:
    return found.method, words.sentence(found.note)


def _cards(frame: pd.DataFrame | None, sounds: Mapping[Segment, Clip | None] | None) -> list[Card]:
    """The first suspicious recordings, with players."""
    cards = []
    for segment, reasons in words.recordings(frame)[:MOST_SOUNDS]:
        file, start, end = segment
        facts = list(reasons)
        if start > 0:
            facts.append(("from", f"{start:.2f} s" + ("" if end is None else f" to {end:.2f} s")))
        source = silence = length = ""
        if sounds is not None:
            sound = sounds.get(segment)
            source = address(sound.data, sound.mime) if sound else ""
            silence = "" if sound else "This recording could not be read."
            length = f"{'the first' if sound.cut else 'length'} {sound.seconds:.1f} s" if sound else ""
        name = file.replace("\\", "/").rsplit("/", 1)[-1]
        cards.append(Card(clean(name), clean(file), facts, source, silence, length))
    return cards


def explore_json(exploration: Exploration, tested: Sequence[Association]) -> dict[str, Any]:
    """An exploration as values that JSON knows: nothing is rounded, what is undefined becomes null."""
    ranking = exploration.ranking
    return {
        "schema_version": 1,
        "name": exploration.name,
        "target": exploration.target.name,
        "kind": exploration.target.kind,
        "levels": plain(exploration.target.levels),
        "selection": exploration.selection,
        "samples": len(exploration.samples),
        "speakers": exploration.speakers,
        "findings": plain(exploration.findings),
        "associations": [_record(association) for association in tested],
        "features": None if ranking is None else _features(ranking),
        "maps": [
            {"method": found.method, "dimensions": found.dimensions, "axes": plain(found.axes),
             "samples": len(found.points), "note": found.note}
            for found in exploration.maps
        ],
        "suspicious": _suspicious(exploration.suspicious),
        "notes": plain(exploration.notes),
        "warnings": plain(exploration.warnings),
        "provenance": plain(exploration.provenance),
    }  # fmt: skip


def _record(association: Association) -> dict[str, Any]:
    group = association.group
    return {
        "name": plain(association.name), "x": plain(association.x.name), "y": plain(association.y.name),
        "group": None if group is None else plain(group.name), "tests": plain(association.tests),
        "notes": plain(association.notes),
    }  # fmt: skip


def _features(ranking: FeatureRanking) -> dict[str, Any]:
    table = ranking.table.rename_axis("feature").reset_index()
    return {
        "ways": plain(ranking.ways), "ranking": rows(table), "tree": plain(ranking.tree),
        "notes": plain(ranking.notes),
    }  # fmt: skip


def _suspicious(frame: pd.DataFrame | None) -> Any:
    """Times in seconds."""
    if frame is None:
        return None
    found = []
    for row in frame.to_dict("records"):
        file, start, end = words.segment_of(row)
        found.append({"file": plain(file), "start": start, "end": end,
                      "reason": plain(row["reason"]), "detail": plain(row["detail"])})  # fmt: skip
    return found
