"""Split by tables that the user names."""

from __future__ import annotations

import pandas as pd

from nkululeko.core.errors import NkululekoError, did_you_mean
from nkululeko.core.families import Loaded, Split, SplitContext
from nkululeko.core.plugin import Options as BaseOptions
from nkululeko.core.plugin import option
from nkululeko.data.splits._by_index import by_index


class SpecifiedOptions(BaseOptions):
    """The tables of each part."""

    train_tables: tuple[str, ...] = option((), "tables with the training samples")
    dev_tables: tuple[str, ...] = option((), "tables with the development samples")
    test_tables: tuple[str, ...] = option((), "tables with the test samples")


class Specified(Split):
    """Train, dev and test are tables of the database; rows in none of them are not used."""

    Options = SpecifiedOptions
    summary = "the tables named by train_tables, dev_tables, test_tables"

    def assign(self, loaded: Loaded, context: SplitContext) -> pd.Series:
        """See :class:`Split`."""
        chosen = {
            "train": self.options.train_tables,
            "dev": self.options.dev_tables,
            "test": self.options.test_tables,
        }
        if not any(chosen.values()):
            raise NkululekoError(
                "split_strategy = specified needs tables",
                f"database '{context.name}'",
                f"set {context.name}.train_tables and {context.name}.test_tables",
            )
        parts = {}
        for name, tables in chosen.items():
            for table in tables:
                if table not in loaded.tables:
                    known = list(loaded.tables)
                    hint = did_you_mean(table, known) if known else "only audformat databases have tables"
                    raise NkululekoError(
                        f"no table '{table}' ({name}_tables)", f"database '{context.name}'", hint
                    )
            if tables:
                indices = [loaded.tables[table] for table in tables]
                parts[name] = indices[0].append(indices[1:])
        return by_index(loaded.samples, parts)
