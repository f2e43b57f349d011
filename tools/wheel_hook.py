"""Hook of hatchling: with `BANWATCH_NATIVE=1`, a wheel holds the compiled modules beside their sources."""

import importlib.util
import os
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class NativeWheel(BuildHookInterface[Any]):
    """Compiles before the files of a wheel are collected, and removes what it compiled afterwards."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile the modules, and name the wheel by interpreter and platform."""
        if os.environ.get("BANWATCH_NATIVE") != "1":
            return
        self._native().build()
        source = Path(self.root, "src")
        build_data["force_include"] |= {
            str(path): str(path.relative_to(source)) for path in self._native().extensions()
        }
        build_data |= {"pure_python": False, "infer_tag": True}

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove the extensions: the checkout is as it was."""
        if os.environ.get("BANWATCH_NATIVE") == "1":
            self._native().clean()

    def _native(self) -> Any:
        found = importlib.util.spec_from_file_location("native", Path(self.root, "tools", "native.py"))
        assert found is not None
        assert found.loader is not None
        module = importlib.util.module_from_spec(found)
        found.loader.exec_module(module)
        return module
