"""A page of text with lists of terms, and the pages that are made so."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.resources import files

from banwatch.judge import RULES
from banwatch.judge.rules.table import RULESET
from banwatch.model.mechanism import NODES
from banwatch.pages.links import Links
from banwatch.pages.shell import Imprint
from banwatch.pages.views.notices import Notice
from banwatch.pages.wording import ladder, words
from banwatch.pages.wording.ladder import LADDER


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """Term with its meaning."""

    word: str
    meaning: str
    code: str = ""
    id: str = ""
    """Fragment of the page that leads to it; empty where nothing does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """List of terms under a heading."""

    id: str
    title: str
    intro: str
    terms: tuple[Term, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TextPage:
    """Content of a page of text."""

    title: str
    body: str
    """Markdown."""
    sections: tuple[Section, ...]
    notices: tuple[Notice, ...]
    links: Links


def _text(name: str) -> str:
    """Read a text that ships with the pages."""
    return files("banwatch.pages").joinpath("data", name).read_text(encoding="utf-8")


def _glossary(links: Links, imprint: Imprint) -> TextPage:
    return TextPage(
        title="Glossary",
        body="What the words on these pages mean. They are used in no other sense.",
        sections=(
            Section(
                id="states",
                title="States",
                intro=f"From the strongest claim to none. The first four together are {ladder.INTERFERENCE}.",
                terms=tuple(
                    Term(word=f"{said.symbol} {said.word}", meaning=said.meaning, id=rung.css)
                    for rung, said in LADDER.items()
                ),
            ),
            Section(
                id="mechanisms",
                title="Mechanisms",
                intro="Ways to interfere with a target; the deepest that the measurements support is named.",
                terms=tuple(
                    Term(word=_capital(words.mechanism(node)), code=node, meaning=_level(node), id=node)
                    for node in sorted(NODES)
                ),
            ),
            Section(id="terms", title="Other terms", intro="", terms=_TERMS),
        ),
        notices=(),
        links=links,
    )


_TERMS = (
    Term(word="Incident", meaning="One thing that happened: changes at one time that belong together."),
    Term(
        word="Target",
        meaning="What a ban or a measurement is about: a site, an app or a company; never an address.",
    ),
    Term(
        word="Network",
        meaning="A provider’s part of the Internet, with a number (AS) by which networks know it.",
    ),
    Term(
        word="Access tier",
        meaning="People on one network with their own rules, such as visitors or citizens.",
    ),
    Term(word="Comparison", meaning="The same target, looked at from a network where nothing is censored."),
    Term(word="Scenario", meaning="What the censor of the lab does; nothing of it happened in the world."),
    Term(
        word="Measurement", meaning="One test of one target, by one probe, at one time; it is never changed."
    ),
)
_LAYERS = {
    "dns": "Seen when the name is looked up.",
    "ip": "Seen on the way to the address.",
    "tcp": "Seen when the connection is made.",
    "tls": "Seen in the encrypted handshake.",
    "quic": "Seen in the encrypted handshake of HTTP/3.",
    "http": "Seen when the page is asked for.",
    "network": "Seen of the network as a whole.",
}


def _level(node: str) -> str:
    return _LAYERS.get(node.partition(".")[0], "")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _methods(links: Links, imprint: Imprint) -> TextPage:
    rules = Section(
        id="rules",
        title="Rules",
        intro=f"Ruleset {RULESET}, in the order in which they are tried.",
        terms=tuple(
            Term(
                word=("Takes accusations back" if rule.vetoes else ladder.word(ladder.of_state(rule.state))),
                code=rule.id,
                meaning=rule.why,
                id=f"rule-{rule.id}",
            )
            for rule in RULES
        ),
    )
    return TextPage(title="Methods", body=_text("methods.md"), sections=(rules,), notices=(), links=links)


def _accuracy(links: Links, imprint: Imprint) -> TextPage:
    return TextPage(title="Accuracy", body=_text("accuracy.md"), sections=(), notices=(), links=links)


def _about(links: Links, imprint: Imprint) -> TextPage:
    return TextPage(
        title=f"About {imprint.name}",
        body=imprint.about
        or (
            "Who runs this copy of Banwatch has not written about themselves. Banwatch is free software that "
            "measures and documents Internet censorship; its pages lead to every measurement."
        ),
        sections=(),
        notices=(),
        links=links,
    )


TEXTS: Mapping[str, Callable[[Links, Imprint], TextPage]] = {
    "glossary": _glossary,
    "methods": _methods,
    "accuracy": _accuracy,
    "about": _about,
}
"""Pages of text by the last part of their address."""
