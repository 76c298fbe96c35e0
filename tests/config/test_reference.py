"""The reference: whole, right, and showable."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from nkululeko.config.declare import Section, declared, find, spellings
from nkululeko.config.names import ALL
from nkululeko.config.reference import (
    HERE,
    NOT_HERE,
    names,
    print_reference,
    reference,
    sections,
    to_markdown,
)
from nkululeko.config.schema import section_class, section_names
from nkululeko.config.schema.data import DatabaseConfig
from nkululeko.core.errors import NkululekoError
from nkululeko.core.plugin import Options

CONTRACT = Path(__file__).resolve().parents[2] / "../shared/INI.md"
contract = pytest.mark.skipif(not CONTRACT.exists(), reason=f"NOT TESTED: {CONTRACT} is not there")


def test_rows() -> None:
    rows = {row.option: row for row in reversed(reference())}  # where sections share a name: the first
    assert reference("MODEL") == [row for row in reference() if row.section == "MODEL"]
    seed = next(row for row in reference("EXP") if row.option == "random_seed")
    assert (seed.default, seed.type, seed.available) == ("42", "a whole number >= 0 and < 4294967296", HERE)
    assert rows["NAME.test_size"].also == "testsplit"
    assert rows["NAME"].section == "DATA"
    assert rows["NAME.reverse.max"].type == "a number"
    assert rows["latex"].available == NOT_HERE
    assert rows["format"].choices == "png, svg, pdf, eps"
    assert rows["set"].plugins == "os"
    assert {row.section for row in reference()} == set(section_names())


def test_plugins_have_summaries() -> None:
    known = {(row.kind, row.name): row for row in names()}
    assert known["model", "svm"].summary and known["feature set", "os"].licence
    assert known["model", "nb"].also == "bayes"
    assert known["model", "lgbm"].summary and known["augmentation", "traditional"].available == HERE
    assert all(row.summary for row in known.values() if row.available == HERE)


def test_every_option_has_a_line_of_help_and_a_default_of_its_type() -> None:
    for model in [*map(section_class, section_names()), DatabaseConfig]:
        for option in declared(model).values():
            assert option.help and "\n" not in option.help, option
            owners = [ALL[option.family].canonical(name) for name in option.owners]
            assert owners == list(option.owners), option
            assert not option.names or option.names in ALL
        record = model()
        assert model.model_validate(record.model_dump(warnings="error")) == record


def test_no_two_options_share_a_spelling() -> None:
    for model in [*map(section_class, section_names()), DatabaseConfig]:
        known = spellings(model)
        assert len(known) == len(set(known)), model


def test_markdown_is_whole() -> None:
    page = to_markdown()
    for name, line in sections():
        assert f"## [{name}]\n\n{line}\n" in page
    tables = [line for line in page.split("\n") if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in tables} == {5, 4}
    assert "| `NAME.test_size` (also testsplit) | a number > 0 and < 100 | 20.0 |" in page


def test_terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    print_reference("model")
    shown = capsys.readouterr().out
    assert "[MODEL]" in shown and "C_val" in shown and "support vector machine" in shown
    print_reference()
    assert "The experiment as a whole." in capsys.readouterr().out
    with pytest.raises(NkululekoError) as caught:
        print_reference("MODLE")
    assert str(caught.value) == "unknown section [MODLE]; did you mean 'MODEL'?"


def options_of_the_contract() -> list[tuple[str, str]]:
    """Section and option of each row of the contract's tables."""
    found, section = [], ""
    for line in CONTRACT.read_text(encoding="utf-8").split("\n"):
        if line.startswith("## "):
            section = line[3:].split()[0]
        if line.startswith("| ") and not line.startswith("| option"):
            cell = line.split("|")[1].replace("**", "")
            cell = re.sub(r"\(`\w+`\)", "", cell)
            for word in re.findall(r"(?<![\w])\.?[A-Za-z_]+(?:\.[a-z_]+)*", cell):
                if word not in ("T", "P", "s", "also", "spelled"):
                    found.append((section, word))
    return found


@contract
def test_every_option_of_the_contract_is_declared() -> None:
    rows = options_of_the_contract()
    assert len(rows) > 130
    missing = []
    for section, name in rows:
        sections: list[type[Section]] = [section_class(section)]
        if section == "DATA":
            sections.append(DatabaseConfig)
        models: list[type[Options]] = [*sections]
        for family in (ALL[key].family for model in sections for key in model.ini_families):
            models += [family.load(name).Options for name in family.names()] if family else []
        plain = name.removeprefix("NAME").removeprefix(".")
        starred = name.replace("NAME.", "os.")
        if not any(find(model, word) for model in models for word in (plain, starred, f"scheduler{name}")):
            missing.append(f"{section}.{name}")
    assert missing == []


@contract
def test_every_name_of_the_contract_is_known() -> None:
    text = CONTRACT.read_text(encoding="utf-8")
    kinds = {
        "features": re.search(r"^Feature sets: (.*)$", text, re.MULTILINE),
        "splits": re.search(r"^Split strategies: (.*)$", text, re.MULTILINE),
        "models": re.search(r"^\| type \*\*T\*\* \| (`svm.*?) \|", text, re.MULTILINE),
        "scalers": re.search(r"^\| scale \*\*P\*\* \| (`stand.*?) \|", text, re.MULTILINE),
        "balancers": re.search(r"^\| balancing \*\*T\*\* \| (.*?) \|", text, re.MULTILINE),
        "losses": re.search(r"^\| loss \*\*T\*\* \| (.*?);", text, re.MULTILINE),
        "metrics": re.search(r"^\| measure \*\*T\*\* \| (.*?) \|", text, re.MULTILINE),
        "databases": re.search(r"^\| NAME.type \*\*T\*\* \| (.*?) \|", text, re.MULTILINE),
    }
    for key, found in kinds.items():
        assert found, key
        words = [word.replace("*", "x") for word in re.findall(r"`([a-z0-9_*-]+)`", found[1])]
        assert len(words) > 3, key
        unknown = [word for word in words if ALL[key].canonical(word) is None]
        assert unknown == [], key
