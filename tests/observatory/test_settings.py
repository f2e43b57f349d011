"""The settings file: every mistake has its line, key and remedy; environment and options lie over it."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from banwatch.cli.main import create_app
from banwatch.model.errors import BanwatchError
from banwatch.observatory.settings.docs_page import field_docs, render_page
from banwatch.observatory.settings.overrides import override, render_toml
from banwatch.observatory.settings.problem import fields_of, inner_table, line_of
from banwatch.observatory.settings.read import load_settings, read_settings
from banwatch.observatory.settings.tables import Settings

DOCS = Path(__file__).parents[2] / "docs"
WHOLE = """\
# an observatory
store = "/var/lib/banwatch/s.duckdb"

[serve]
port = 8080
public_url = "https://observatory.example"
names = [
    "observatory.example",
    "x.onion",
]

[collector]
enabled = true

[[alerts.channels]]
name = "desk"
address = "json://127.0.0.1:9"

[[alerts.channels]]
name = "hook"
webhook = "https://a.example/hook"
secret = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

[[alerts.rules]]
channels = ["desk", "hook"]
countries = ["KP"]
kinds = ["shutdown"]
"""


def _problems(tmp_path: Path, text: str, environ: dict[str, str] | None = None) -> list[str]:
    (tmp_path / "b.toml").write_text(text)
    return [str(problem) for problem in read_settings(tmp_path / "b.toml", environ or {}).problems]


def test_a_whole_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "b.toml").write_text(WHOLE)
    settings = load_settings(tmp_path / "b.toml", {})
    assert settings.serve.port == 8080
    assert settings.serve.names == ("observatory.example", "x.onion")
    assert [channel.name for channel in settings.alerts.channels] == ["desk", "hook"]
    assert settings.alerts.rules[0].kinds == ("shutdown",)
    assert settings.collector.per_minute == 1_200, "what a file does not say is as without a file"


def test_no_file_and_no_environment_are_the_defaults() -> None:
    assert load_settings(None, {}) == Settings()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (("port = 8080", "prot = 8080"), "line 5: serve.prot: no such setting. Did you mean 'port'?"),
        (("port = 8080", 'port = "80"'), "line 5: serve.port: expected a whole number. It is '80' now"),
        (("port = 8080", "port = true"), "line 5: serve.port: expected a whole number. It is True now"),
        (("[serve]", "[server]"), "line 4: server: no such setting. Did you mean 'serve'?"),
        (('    "x.onion",', "    3,"), "line 7: serve.names: expected 'str', got 'int'"),
        (("enabled = true", 'enabled = "yes"'), "line 13: collector.enabled: expected true or false"),
        (('"KP"', '"kp"'), "line 26: alerts.rules[1].countries: expected two capital letters"),
        (('"shutdown"', '"outage"'), "line 27: alerts.rules[1].kinds: invalid enum value 'outage'"),
        (('["desk", "hook"]', '["disk"]'), "line 25: alerts.rules[1].channels: no channel is named 'disk'"),
        (('name = "hook"', 'name = "desk"'), "line 20: alerts.channels[2].name: a second channel"),
        (('name = "hook"', 'webhook_ = "h"'), "line 20: alerts.channels[2].webhook_: no such setting"),
        (('name = "hook"\n', ""), "line 19: alerts.channels[2]: 'name' is missing"),
        (("https://a.example/hook", "ftp://a"), "line 21: alerts.channels[2].webhook: it is no http address"),
        (("[serve]", "[serve"), "line 4: no TOML"),
        (('secret = "', 'secrets = "'), "line 22: alerts.channels[2].secrets: no such setting. Did you"),
        (("https://observatory.example", ""), "line 4: serve: messages need an address to link to"),
        (('[[alerts.channels]]\nname = "desk"', '[alerts.channels]\nname = "desk"'), "line 19: no TOML"),
    ],
)
def test_a_mistake_has_its_line_key_and_remedy(tmp_path: Path, wrong: tuple[str, str], said: str) -> None:
    assert wrong[0] in WHOLE
    problems = _problems(tmp_path, WHOLE.replace(*wrong, 1))
    assert any(problem.startswith(said) for problem in problems), problems


def test_all_mistakes_are_named_at_once(tmp_path: Path) -> None:
    text = WHOLE.replace("port", "prot").replace("enabled = true", "enabled = 1").replace('"KP"', '"K"')
    assert len(_problems(tmp_path, text)) == 3


def test_a_duration_says_what_it_looks_like(tmp_path: Path) -> None:
    (problem,) = _problems(tmp_path, '[ingest]\nevery = "1 hour"\n')
    assert problem.startswith('line 2: ingest.every: expected a time such as "30s", "15m", "6h" or "7d"')
    assert _problems(tmp_path, '[ingest]\nevery = "90m"\n') == []


def test_a_table_where_a_value_belongs_and_the_reverse(tmp_path: Path) -> None:
    assert "serve: expected a table" in _problems(tmp_path, "serve = 1\n")[0]
    assert "alerts.rules: expected a list of tables" in _problems(tmp_path, "[alerts.rules]\nx = 1\n")[0]


def test_the_line_of_a_key_is_found_by_the_parser_itself() -> None:
    text = 'a = """\nserve.port = 1\n[serve]\nport = 2\n"""\n[serve]\n# port = 3\n"port" = 4\n'
    assert line_of(text, ("serve", "port")) == 8
    assert line_of("serve = {port = 4}\n", ("serve", "port")) == 1
    assert line_of("serve.names = [\n1,\n2]\n", ("serve", "names")) == 1


def test_the_environment_goes_before_the_file(tmp_path: Path) -> None:
    (tmp_path / "b.toml").write_text(WHOLE)
    environ = {
        "BANWATCH_SERVE_PORT": "9000",
        "BANWATCH_SERVE_NAMES": "a.example, b.example",
        "BANWATCH_COLLECTOR_ENABLED": "false",
        "BANWATCH_STORE": "5",
        "BANWATCH_REFERENCE": "means something else",
        "PATH": "/bin",
    }
    settings = load_settings(tmp_path / "b.toml", environ)
    assert (settings.serve.port, settings.serve.names) == (9000, ("a.example", "b.example"))
    assert (settings.collector.enabled, settings.store) == (False, "5")
    assert settings.serve.public_url == "https://observatory.example"


def test_a_variable_is_checked_as_a_key_is(tmp_path: Path) -> None:
    problems = _problems(tmp_path, WHOLE, {"BANWATCH_SERVE_PORT": "x", "BANWATCH_SERVE_PROT": "1"})
    assert "variable BANWATCH_SERVE_PORT: serve.port: expected a whole number. It is 'x' now" in problems
    assert any("BANWATCH_SERVE_PROT: no setting has this name. Did you mean" in one for one in problems)


def test_options_go_before_the_environment() -> None:
    settings = load_settings(None, {"BANWATCH_SERVE_PORT": "9000", "BANWATCH_SERVE_HOST": "::1"})
    changed = override(settings, {"serve.port": 7000, "serve.host": None, "serve.names": []})
    assert (changed.serve.port, changed.serve.host) == (7000, "::1")
    with pytest.raises(BanwatchError, match=r"serve\.proxies: 'home' is no address"):
        override(settings, {"serve.proxies": ["home"]})


def test_what_is_shown_reads_back_and_holds_no_secret(tmp_path: Path) -> None:
    (tmp_path / "b.toml").write_text(WHOLE)
    settings = load_settings(tmp_path / "b.toml", {})
    shown = render_toml(settings)
    assert "whsec_" not in shown
    assert "json://" not in shown
    (tmp_path / "defaults.toml").write_text(render_toml(Settings()))
    assert load_settings(tmp_path / "defaults.toml", {}) == Settings()


def test_the_commands_check_and_show(tmp_path: Path) -> None:
    (tmp_path / "b.toml").write_text(WHOLE)
    run = CliRunner()
    sound = run.invoke(create_app(), ["config", "check", str(tmp_path / "b.toml")])
    assert (sound.exit_code, sound.output, sound.exception) == (0, "The settings are sound.\n", None)
    (tmp_path / "b.toml").write_text(WHOLE.replace("json://127.0.0.1:9", "json://a/?to=b&retry=3"))
    twice = run.invoke(create_app(), ["config", "check", "--json", str(tmp_path / "b.toml")])
    assert twice.exit_code == 1
    assert '"where":"line 15","key":"alerts.channels[1]"' in twice.output
    shown = run.invoke(create_app(), ["config", "show", str(tmp_path / "b.toml")])
    assert 'public_url = "https://observatory.example"' in shown.output


def test_the_page_of_settings_is_current_and_whole() -> None:
    assert (DOCS / "settings.md").read_text("utf-8") == render_page(), (
        "renew it: .venv/bin/python -m banwatch.observatory.settings.docs_page > docs/settings.md"
    )
    pending = [Settings]
    while pending:
        table = pending.pop()
        inner = [found for kind in fields_of(table).values() if (found := inner_table(kind)[0])]
        pending += inner  # type: ignore[arg-type]  # structs
        documented = field_docs(table)
        values = {name for name, kind in fields_of(table).items() if inner_table(kind)[0] is None}
        assert values <= documented.keys(), table
