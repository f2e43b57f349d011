"""Names in the code use the glossary's terms: no retired word is among them."""

import re
from collections import Counter

import pytest

from tests.house.not_yet import RETIRED_WORDS
from tests.house.source_tree import ROOT, DefinedName, defined_names, name_parts, python_files, room_of

GLOSSARY = ROOT / "docs/glossary.md"
_ROW = re.compile(r"^\| `(\w+)` \| (any part|whole name|type) \| (.+) \|$", re.MULTILINE)
_TERM = re.compile(r"^\| ([a-z][a-z -]+) \| (.+) \| (`.+`) \|$", re.MULTILINE)


def retired_words() -> dict[str, str]:
    """Read the glossary's table: retired word -> how it is matched."""
    return {word: how for word, how, _ in _ROW.findall(GLOSSARY.read_text("utf-8"))}


def retired_word_in(name: DefinedName, words: dict[str, str]) -> str | None:
    """Return the retired word that a name uses, or None."""
    parts = name_parts(name.text)
    for word, how in words.items():
        is_used = {
            "any part": word in parts,
            "whole name": parts == [word],
            "type": name.is_type and parts == [word],
        }[how]
        if is_used:
            return word
    return None


def test_no_name_uses_a_retired_word() -> None:
    words = retired_words()
    wrong = []
    for path in python_files("src", "tests", "bench"):
        allowed = RETIRED_WORDS.get(room_of(path), frozenset())
        for name in defined_names(path):
            word = retired_word_in(name, words)
            if word is not None and word not in allowed:
                wrong.append(f"{name} uses {word!r}, which docs/glossary.md retires")
    assert not wrong, "\n".join(wrong)


def test_the_table_of_retired_words_is_read_whole() -> None:
    rows = GLOSSARY.read_text("utf-8").partition("| retired | as |")[2].strip().splitlines()[2:]
    assert len(retired_words()) == len(rows) > 15


def test_a_term_stands_once_and_is_not_retired() -> None:
    terms = Counter(term for term, _, _ in _TERM.findall(GLOSSARY.read_text("utf-8")))
    assert len(terms) > 40
    assert [term for term, count in terms.items() if count > 1] == []
    assert set(terms) & set(retired_words()) == set()


def test_every_term_has_a_place_in_the_code() -> None:
    missing = []
    for term, _, where in _TERM.findall(GLOSSARY.read_text("utf-8")):
        for module in re.findall(r"`([\w.]+)`", where):
            path = ROOT / "src/banwatch" / module.replace(".", "/")
            if not path.with_suffix(".py").is_file() and not path.is_dir() and not (ROOT / module).is_dir():
                missing.append(f"{term}: {module}")
    assert missing == []


@pytest.mark.parametrize(
    ("text", "is_type", "word"),
    [
        ("_told", False, "told"),
        ("ToldRow", True, "told"),
        ("untold", False, None),
        ("Kind", True, "kind"),
        ("kind", False, None),
        ("known", False, "known"),
        ("known_false_positive", False, None),
        ("onset_known", False, None),
        ("folder", False, None),
        ("look_up", False, None),
    ],
)
def test_a_word_is_found_where_it_stands_and_only_there(text: str, is_type: bool, word: str | None) -> None:
    assert retired_word_in(DefinedName(text, "f.py", 1, is_type), retired_words()) == word
