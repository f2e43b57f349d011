"""Compile the modules that an ingest spends its time in, in place, or remove what was compiled.

    python tools/native.py build | clean | list

mypyc turns a typed module into a C extension of the same name, which Python prefers to the `.py` beside it.
`clean` removes the extensions; the sources are never changed. Modules with msgspec structs are left out: a
struct is no native class; so are those whose frozen dataclasses travel between processes, as a native one
cannot be unpickled. A compiled module knows nothing of later edits: build again after each.
"""

import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).parents[1] / "src"
GROUP = "banwatch"
"""Beginning of the name of the library that all extensions share: `banwatch__mypyc`."""
STAMP = SOURCE / f"{GROUP}__mypyc.sha256"
"""Digest of the sources that were compiled."""
_FOLDERS = ("banwatch/judge", "banwatch/formats/ooni")
_FILES = ("banwatch/model/fate.py", "banwatch/pipeline/worker.py", "banwatch/store/batch_builder.py")
_WITHOUT = frozenset({"__init__.py", "docs_page.py", "ruleset_file.py"})
_STRUCTS = "msgspec.Struct"


def modules() -> list[str]:
    """List the modules that are compiled, as paths below `src`."""
    found = [path for folder in _FOLDERS for path in (SOURCE / folder).rglob("*.py")]
    return sorted(
        str(path.relative_to(SOURCE))
        for path in (*found, *(SOURCE / name for name in _FILES))
        if path.name not in _WITHOUT and _STRUCTS not in path.read_text(encoding="utf-8")
    )


def digest() -> str:
    """Hash the sources of the compiled modules, names included."""
    content = hashlib.sha256()
    for name in modules():
        content.update(f"{name}\0".encode() + (SOURCE / name).read_bytes())
    return content.hexdigest()


def extensions() -> Iterator[Path]:
    """Find the extensions of an earlier build."""
    for pattern in ("*.so", "*.pyd"):
        yield from SOURCE.glob(f"{GROUP}__mypyc{pattern}")
        yield from (SOURCE / "banwatch").rglob(pattern)


def clean() -> None:
    """Remove the extensions of an earlier build."""
    STAMP.unlink(missing_ok=True)
    for path in extensions():
        path.unlink()


def build() -> None:
    """Compile the modules and put the extensions beside their sources.

    Raises:
        SystemExit: a module does not compile, or there is no C compiler.
    """
    from mypyc.build import mypycify
    from setuptools import setup

    clean()
    config = str(SOURCE.parent / "pyproject.toml")
    level = os.environ.get("NATIVE_OPT", "2")
    with tempfile.TemporaryDirectory(prefix="banwatch-native-") as folder:
        os.chdir(SOURCE)
        setup(
            name=GROUP,
            ext_modules=mypycify(
                ["--config-file", config, *modules()],
                opt_level=level,
                debug_level="0",
                multi_file=True,
                target_dir=folder,
                group_name=GROUP,
            ),
            script_args=["--quiet", "build_ext", "--inplace", "--build-temp", folder, "--parallel", "2"],
            packages=[],
            py_modules=[],
        )
        shutil.rmtree(SOURCE / "build", ignore_errors=True)
    STAMP.write_text(digest() + "\n", encoding="ascii")
    print(f"compiled {len(modules())} modules; `make native-clean` removes them", file=sys.stderr)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["build"]:
            build()
        case ["clean"]:
            clean()
        case ["list"]:
            print(*modules(), sep="\n")
        case _:
            sys.exit(__doc__)
