"""What ``multidb`` is to run: a cell for each database that is learned from and each that is tested, all checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from nkululeko.config import ini
from nkululeko.config.experiment import ExperimentConfig
from nkululeko.config.load import RUN, load
from nkululeko.config.schema.crossdb import Crossdb
from nkululeko.core.errors import ConfigError, NkululekoError
from nkululeko.steps.augment import check_training

#: the row of cells that learn from all databases but the tested one
OTHERS = "all others"
#: the sections that the command reads
READS = ("EXP", "CROSSDB")


@dataclass(frozen=True)
class Planned:
    """A cell to come.

    Args:
        row: what is learned from: a database, or :data:`OTHERS`
        column: the database that is tested
        name: of its folder, ``TRAIN_vs_TEST``
        config: the experiment; it can be run by itself
        notes: what is to say of it
        copies: where augmented copies of its training set lie; cells with the same one share them; None: there are none
    """

    row: str
    column: str
    name: str
    config: ExperimentConfig
    notes: tuple[str, ...] = ()
    copies: Path | None = None


@dataclass(frozen=True)
class Plan:
    """All cells.

    Args:
        base: the file as a whole; everything goes below its folder
        rows: names of the rows
        columns: names of the databases
        cells: row by row
        notes: what the user should know of the file
    """

    base: ExperimentConfig
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: tuple[Planned, ...]
    notes: tuple[str, ...] = ()

    @property
    def folder(self) -> Path:
        """Where the results go."""
        return self.base.exp.root.absolute() / self.base.exp.name


def plan(path: str | Path, overrides: Sequence[str] = ()) -> Plan:
    """The cells that a file with ``EXP.databases`` asks for; their mistakes, each once, before anything runs.

    Args:
        path: of the experiment file
        overrides: options that win over the file

    Raises:
        ConfigError: the file has mistakes
        NkululekoError: there is no such file, or there are no two databases in it
    """
    base = load(path, overrides, reads=READS)
    names, extra = base.exp.databases, base.section(Crossdb).train_extra
    if len(names) < 2:
        found = f"one database only ('{names[0]}')" if names else "no databases"
        raise NkululekoError(
            f"there is nothing to compare: [EXP] databases names {found}", str(path),
            "name two or more: databases = ['emodb', 'urdu']",
        )  # fmt: skip
    rows = (*names, OTHERS) if base.exp.lodo else names
    mistakes: dict[str, NkululekoError] = {}
    cells: list[Planned] = []
    for row in rows:
        for column in names:
            sources = tuple(name for name in names if name != column) if row == OTHERS else (row,)
            mine, notes = _options(sources, column, extra, base.exp.use_splits)
            try:
                config = load(path, [*overrides, *mine], reads=(*RUN, "CROSSDB"), if_there=("AUGMENT",))
            except ConfigError as problem:
                for mistake in problem.mistakes:
                    placed = _placed(mistake, path)
                    mistakes.setdefault(str(placed), placed)
                continue
            name = f"all-but-{column}_vs_{column}" if row == OTHERS else f"{row}_vs_{column}"
            cells.append(Planned(row, column, name, config, notes))
    if mistakes:
        raise ConfigError(list(mistakes.values()))
    _crossed(cells[0].config, path)
    if "AUGMENT" in cells[0].config.sections:
        check_training(cells[0].config)
    return _finished(base, rows, names, cells)


def _options(
    sources: Sequence[str], tested: str, extra: Sequence[str], use_splits: bool
) -> tuple[list[str], tuple[str, ...]]:
    """What a cell's experiment says, as ``--set`` takes it, and what is to say of it.

    As whole databases, one that is tested cannot be learned from; by their own splits it can, with its training set.
    """
    notes = []
    is_own = tested in sources
    added = [name for name in extra if name not in sources]
    if tested in added and not use_splits:
        added.remove(tested)
        notes.append(f"the extra database '{tested}' is what is tested here: nothing is learned from it")
    trains = [*sources, *added]
    options = [
        f"DATA.databases={ini.written(list(dict.fromkeys([*trains, tested])))}",
        "DATA.leave_out_tested=True",
    ]
    if is_own and not use_splits:  # its own split; what is added is learned from as a whole
        options += ["DATA.strategy=train_test", *(f"DATA.{name}.split_strategy=train" for name in added)]
    else:
        options += [
            "DATA.strategy=cross_data", f"DATA.trains={ini.written(trains)}", f"DATA.tests={ini.written([tested])}",
        ]  # fmt: skip
    return options, tuple(notes)


def _placed(mistake: NkululekoError, path: str | Path) -> NkululekoError:
    """A mistake with the place of ``EXP.databases`` where the command line of a cell made it."""
    if mistake.where != ini.COMMAND_LINE:
        return mistake
    return NkululekoError(mistake.what, f"{path}, [EXP] databases or [CROSSDB] train_extra", mistake.todo)


def _crossed(config: ExperimentConfig, path: str | Path) -> None:
    """Stop where a cross-validation is asked for: every sample would be tested by what learned from its database."""
    if config.folds is None:
        return
    raise NkululekoError(
        f"multidb tests one database by another, and {config.folds[0]} is a cross-validation", f"{path}, [MODEL]",
        "take it out; the diagonal uses each database's split_strategy",
    )  # fmt: skip


def _finished(
    base: ExperimentConfig, rows: Sequence[str], names: Sequence[str], cells: Sequence[Planned]
) -> Plan:
    """The plan, each cell with a folder of its own, and with notes on the file that are true of all cells."""
    common = set.intersection(*(set(cell.config.notes) for cell in cells))
    notes = [note for note in cells[0].config.notes if note in common and ini.COMMAND_LINE not in note]
    taken: set[str] = set()
    placed = []
    for cell in cells:
        name, number = cell.name, 2
        while name.lower() in taken:  # some disks do not tell upper case from lower
            name, number = f"{cell.name}-{number}", number + 1
        taken.add(name.lower())
        update = {
            "root": base.exp.root / base.exp.name, "name": name, "databases": (), "lodo": False, "save_test": None,
        }  # fmt: skip
        sections = {key: section for key, section in cell.config.sections.items() if key != "CROSSDB"}
        copies = None
        if "AUGMENT" in sections:
            own = cell.row == cell.column and not base.exp.use_splits
            source = name if own or cell.row == OTHERS else cell.row
            copies = base.exp.root.absolute() / base.exp.name / "augmented_train" / source
        sections["EXP"] = cell.config.exp.model_copy(update=update)
        config = replace(cell.config, sections=sections, notes=cell.notes)
        placed.append(replace(cell, name=name, config=config, copies=copies))
    if base.exp.save_test:
        notes.append("EXP.save_test has no effect in multidb: each cell has its predictions.csv")
    return Plan(base, tuple(rows), tuple(names), tuple(placed), tuple(notes))
