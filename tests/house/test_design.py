"""The picture of the layers in docs/design.md is the import contract."""

import tomllib

from tests.house.source_tree import ROOT, SOURCE

BEGIN, END = "<!-- layers -->", "<!-- end of layers -->"


def render_layers() -> str:
    """Draw the layers of the import contract, the highest first; a layer's packages stand side by side."""
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"][
        "contracts"
    ][0]
    rows = [
        "   ".join(name.strip().removeprefix("banwatch.") for name in layer.split(" : "))
        for layer in contract["layers"]
    ]
    width = max(map(len, rows)) + 4
    rule = "+" + "-" * width + "+"
    boxes = [line for row in rows for line in (rule, f"|{row:^{width}}|")]
    return "\n".join(["```", *(f"  {line}" for line in [*boxes, rule]), "```"])


def test_the_picture_is_the_contract() -> None:
    text = (ROOT / "docs/design.md").read_text("utf-8")
    drawn = text.partition(BEGIN)[2].partition(END)[0].strip()
    assert drawn == render_layers(), f"put this between the marks in docs/design.md:\n{render_layers()}"


def test_every_package_is_in_the_picture() -> None:
    packages = {path.name for path in SOURCE.iterdir() if (path / "__init__.py").is_file()}
    assert {name for name in packages if name not in render_layers()} == set()
