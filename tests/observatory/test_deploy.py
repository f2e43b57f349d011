"""Files of `deploy/` and the commands of docs/run.md, checked by the programs that they are for."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from typer.main import get_command

from banwatch.cli.main import create_app
from banwatch.observatory.settings.read import read_settings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not here")
needs_caddy = pytest.mark.skipif(shutil.which("caddy") is None, reason="Caddy is not here")


@needs_systemd
def test_the_unit_is_sound_and_hardened(tmp_path: Path) -> None:
    unit = (DEPLOY / "banwatch.service").read_text("utf-8")
    there = unit.replace("/opt/banwatch/bin/banwatch", sys.executable)
    path = tmp_path / "banwatch.service"
    path.write_text(there)
    verified = subprocess.run(
        ["systemd-analyze", "verify", str(path)], capture_output=True, text=True, timeout=60
    )
    assert (verified.returncode, verified.stdout + verified.stderr) == (0, "")
    # exposure of at most 2.0 of 10; `--threshold` counts in tenths
    words = ["systemd-analyze", "security", "--offline=true", "--threshold=20", str(path)]
    security = subprocess.run(words, capture_output=True, text=True, timeout=60)
    assert security.returncode == 0, security.stdout[-200:]
    softened = re.sub(r"(?m)^(Protect|Restrict|Private|System|Capability|NoNew)\S*=.*\n", "", there)
    path.write_text(softened)
    assert subprocess.run(words, capture_output=True, text=True, timeout=60).returncode != 0


def test_the_settings_are_sound_and_believe_caddy_alone() -> None:
    found = read_settings(DEPLOY / "banwatch.toml", {})
    assert found.problems == ()
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
    caddy = compose["services"]["caddy"]["networks"]["inside"]["ipv4_address"]
    assert found.settings.serve.proxies == (caddy,)
    assert found.settings.backup.folder == "/backup"
    commented = (DEPLOY / "banwatch.toml").read_text("utf-8").replace("\n#", "\n")
    assert commented.count("[[alerts.rules]]") == 1


def test_containers_have_no_root_and_write_to_volumes_alone() -> None:
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
    for service in compose["services"].values():
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert "privileged" not in service
    assert "ports" not in compose["services"]["banwatch"], "only Caddy is reached from outside"
    image = (DEPLOY / "Containerfile").read_text("utf-8")
    assert re.search(r"^USER 10001:10001$", image, re.MULTILINE)
    assert image.rindex("USER ") > image.rindex("RUN "), "nothing is installed by the user that serves"
    for copied in re.findall(r"^COPY (?!--from)(.+) \S+$", image, re.MULTILINE):
        for name in copied.split():
            assert (ROOT / name).exists(), name
    for used in ("docker.io/library/caddy:2", "docker.io/library/python:3.11-slim-bookworm"):
        assert used in image + (DEPLOY / "compose.yaml").read_text("utf-8")


@needs_caddy
def test_caddy_takes_its_file(tmp_path: Path) -> None:
    words = ["caddy", "adapt", "--config", str(DEPLOY / "Caddyfile"), "--validate"]
    adapted = subprocess.run(
        words,
        capture_output=True,
        text=True,
        timeout=60,
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
    )
    assert adapted.returncode == 0, adapted.stderr
    assert '"status_code":404' in adapted.stdout


@pytest.mark.parametrize("page", ["run.md", "alerts.md"])
def test_every_command_of_the_page_exists(page: str) -> None:
    text = (ROOT / "docs" / page).read_text("utf-8")
    found = re.findall(r"banwatch ((?:[a-z][a-z-]*)(?: [a-z][a-z-]+)?)", text)
    assert len(found) > 3
    app = get_command(create_app())
    groups = getattr(app, "commands", {})
    for words in found:
        first, _, second = words.partition(" ")
        if first not in groups:
            continue  # a sentence that names the program
        below = getattr(groups[first], "commands", {})
        assert not below or not second or second in below, words


def test_every_setting_and_metric_of_the_page_exists() -> None:
    text = (ROOT / "docs/run.md").read_text("utf-8")
    metrics = (ROOT / "src/banwatch/observatory/health/metrics.py").read_text("utf-8")
    names = set(re.findall(r"banwatch_([a-z_]+?)(?:_total)?(?=[{ `,])", text))
    assert names
    assert {name for name in names if not re.search(rf'"(banwatch_)?{name}"', metrics)} == set()
    settings = (ROOT / "docs/settings.md").read_text("utf-8")
    for key in ("public_url", "proxies", "max_waiting_mib", "per_minute", "aside", "metrics"):
        assert f"| `{key}` |" in settings
