"""The probe's command line, called in this process."""

import pytest

from banwatch.cli.main import create_app


def run_cli(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        create_app()(list(arguments))
    return int(ended.value.code or 0)
