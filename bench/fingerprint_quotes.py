"""Shares of ordinary pages that patterns of block pages hit, and what the judge makes of these pages.

    .venv/bin/python bench/fingerprint_quotes.py TABLE.csv [TABLE.csv ...] [--pages 2000] [--top 25]

The tables are those of ooni/blocking-fingerprints. The corpus is made here: articles, forums, tables of
messages, documentation, links and notices of hosters in twelve languages, some of which quote, translate or
report on block pages. No page of it is a block page.
"""

import argparse
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from banwatch.judge import judge_line  # noqa: E402  # the tests' folder comes first
from banwatch.model.reference import GradedFingerprint, Reference, Strength  # noqa: E402  # as above
from banwatch.reference import load  # noqa: E402  # as above
from banwatch.reference.importing import import_files  # noqa: E402  # as above
from tests.judge.scenario import Helper, Page, Scenario  # noqa: E402  # as above

WORDS = {
    "en": "access denied blocked site forbidden the page you requested is not available court order",
    "ru": "доступ заблокирован ограничен сайт запрещён ресурс по решению суда страница заблокирована реестр",
    "es": "acceso denegado sitio bloqueado contenido página restringido orden judicial bloqueada por ley",
    "pt": "acesso negado site bloqueado conteúdo página restrita ordem judicial operadora",
    "it": "accesso negato sito bloccato avviso inibizione pagina ordine autorità",
    "de": "zugriff verweigert seite gesperrt inhalt sperre gericht anbieter urteil",
    "fr": "accès refusé site bloqué page interdite décision judiciaire fournisseur",
    "tr": "erişim engellendi site kapatıldı karar mahkeme bilgi internet sayfa",
    "id": "akses diblokir situs internet positif sehat aman konten dilarang pemerintah",
    "zh": "禁止访问 拒绝访问 网站 被屏蔽 域名 未备案 您的请求 异常 法律法规 阻断",
    "ko": "불법 유해 정보 사이트 접속 차단 안내 경고 방송통신심의위원회",
    "fa": "دسترسی به این سایت مسدود است پیوندها فیلتر شده درخواست قانون",
}
"""Words of notices and of ordinary speech about them, by language."""
HOSTS = ("warning.or.kr", "eais.rkn.gov.ru", "blocked.mts.ru", "internetpositif.uzone.id", "peyvandha.ir")
KINDS = ("article", "forum", "messages", "documentation", "links", "hoster", "quote", "translation")
NOTICES = {
    "en": "Access to this site has been blocked by order of the court",
    "ru": "Доступ к сайту заблокирован по решению суда",
    "es": "El acceso a este sitio ha sido bloqueado por orden judicial",
    "id": "Akses ke situs ini telah diblokir oleh pemerintah",
    "zh": "根据国家有关法律法规该网站已被禁止访问",
    "ko": "귀하가 접속하려고 하는 정보는 차단되었습니다",
}


@dataclass(frozen=True, slots=True)
class OrdinaryPage:
    """Page of an ordinary site, and the pattern that it quotes, if any."""

    kind: str
    language: str
    title: str
    body: str
    quoted: str = ""


ARTICLE = OrdinaryPage("article", "en", "Morning paper", f"<title>Morning paper</title>{'<p>news</p>' * 900}")


def make_pages(count: int, patterns: list[str], rng: random.Random) -> Iterator[OrdinaryPage]:
    """Make ordinary pages."""
    for number in range(count):
        kind = KINDS[number % len(KINDS)]
        language = rng.choice(list(WORDS))
        words = WORDS[language].split()
        title = " ".join(rng.choices(words, k=4)).capitalize()
        text = "".join(
            f"<p>{' '.join(rng.choices(words, k=rng.randint(12, 40)))}.</p>"
            for _ in range(rng.randint(8, 60))
        )
        quoted, extra = "", ""
        if kind == "quote":
            quoted = rng.choice(patterns)
            extra = f"<blockquote>{quoted}</blockquote>"
        elif kind == "translation":
            extra = "".join(f"<li>{notice}</li>" for notice in NOTICES.values())
        elif kind == "links":
            extra = "".join(f'<a href="http://{host}/">{host}</a>' for host in HOSTS)
        elif kind == "messages":
            extra = f"<script>var L={{denied:'{title}',blocked:'{' '.join(words[:2])}'}};</script>"
        elif kind == "hoster":
            text = f"<h1>{' '.join(words[:3])}</h1><p>{' '.join(rng.choices(words, k=20))}</p>"
        yield OrdinaryPage(kind, language, title, f"<html><title>{title}</title>{extra}{text}</html>", quoted)


def to_line(
    page: OrdinaryPage,
    country: str,
    *,
    control: bool,
    rng: random.Random,
    site: OrdinaryPage | None = None,
) -> bytes:
    """Write the measurement of a page, with the control's copy of it, made anew, or without a control.

    Args:
        page: the page that came.
        country: the country of the probe.
        control: whether there is a control.
        rng: randomness.
        site: the page that the control got, if another one.
    """
    genuine = site or page
    headers = (("content-type", "text/html"), ("server", "nginx"))
    ours = Page(body=page.body, title=page.title, headers=headers)
    body = genuine.body + "<!-- -->" * rng.randint(1, 20)
    theirs = Page(body=body, title=genuine.title, headers=headers)
    scenario = Scenario(
        scheme="http", probe_cc=country, probe_asn="AS64500", page=ours, helper=Helper(page=theirs)
    )
    if not control:
        scenario = scenario.but(helper=None, control_failure="generic_timeout_error")
    return scenario.to_line()


def _is_real(fingerprint: GradedFingerprint) -> bool:
    """Whether a pattern is of a scope that confirms, and can be written into a page as it is."""
    return fingerprint.scope in ("nat", "isp", "prod", "inst") and fingerprint.pattern_type == "contains"


def _judge_notice(
    fingerprint: GradedFingerprint, reference: Reference, *, control: bool, rng: random.Random
) -> str:
    """Return the state of a true notice that holds a pattern, in a country where it is expected."""
    named = fingerprint.named_country if fingerprint.named_country != "ZZ" else "RU"
    country = (fingerprint.expected_countries or (named,))[0]
    notice = OrdinaryPage(
        "notice", "en", "Notice", f"<html><title>Notice</title>{fingerprint.pattern}</html>"
    )
    line = to_line(notice, country, control=control, rng=rng, site=ARTICLE)
    return str(judge_line(line, reference).verdict.state)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tables", nargs="+", type=Path)
    parser.add_argument("--pages", type=int, default=2000)
    parser.add_argument("--top", type=int, default=25)
    given = parser.parse_args()
    rng = random.Random(12)
    with tempfile.TemporaryDirectory() as folder:
        import_files(given.tables, as_of=date(2026, 11, 1), data_dir=Path(folder))
        reference = load(data_dir=Path(folder))
        index = reference.index  # type: ignore[attr-defined]  # the protocol hides the index
    fingerprints = [f for f in index.fingerprints if f.location == "body"]
    patterns = [
        f.pattern for f in fingerprints if f.pattern_type == "contains" and f.scope not in ("fp", "vbw")
    ]
    countries = sorted({c for f in fingerprints for c in f.expected_countries})
    hits: Counter[str] = Counter()
    accused: Counter[tuple[str, str]] = Counter()
    before = with_hit = quoting = 0
    by_name = {f.name: f for f in fingerprints}
    for page in make_pages(given.pages, patterns, rng):
        matches = reference.match_http(page.body.encode(), ())
        real = [m for m in matches if m.scope not in ("fp", "vbw")]
        vetoed = len(real) < len([m for m in matches if m.scope != "vbw"])
        quoting += bool(page.quoted)
        with_hit += bool(real)
        hits.update(m.name for m in real if m.pattern != page.quoted)
        country = rng.choice(countries)
        before += not vetoed and any(
            not m.expected_countries or country in m.expected_countries for m in real
        )
        for control in (True, False):
            verdict = judge_line(to_line(page, country, control=control, rng=rng), reference).verdict
            if verdict.state.accuses:
                accused[page.kind, "with a control" if control else "without"] += 1
                print(f"accused in {country}: {verdict.sentence} [{page.title}]")
    print(f"{given.pages} ordinary pages, {quoting} of which quote a pattern; {with_hit} hold one")
    print(f"by patterns alone, in a country taken at random: {before} accused")
    print(f"by the judge: {sum(accused.values())} accused {dict(accused)}")
    print("\nshare  strength  country  pattern (quotes of the very pattern left out)")
    for name, count in hits.most_common(given.top):
        f = by_name[name]
        place = ",".join(f.expected_countries) or f"({f.named_country})"
        print(f"{count / given.pages:6.2%} {f.strength:8} {place:8} {name}: {f.pattern[:50]!r}")
    for control in (True, False):
        found = Counter(
            _judge_notice(f, reference, control=control, rng=rng) for f in fingerprints if _is_real(f)
        )
        print(
            f"\nnotices made of one pattern each, {'with' if control else 'without'} a control: {dict(found)}"
        )
    grades = Counter(f.strength for f in fingerprints if f.scope not in ("fp", "vbw"))
    print(f"\n{grades[Strength.SOLE]} patterns settle it alone, {grades[Strength.WITNESS]} are witnesses")


if __name__ == "__main__":
    main()
