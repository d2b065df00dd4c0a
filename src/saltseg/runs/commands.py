"""Commands of DVC: how this package starts one, and which one goes on with a stopped training."""

import os
import re
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from saltseg.root import project_root
from saltseg.settings import read_yaml

_PARAMS = "params.yaml"
_NO_TEXT = {"true", "false", "null", "inf", "nan"}
"""Words that Hydra, which reads DVC's overrides, takes for something else than text."""


def dvc_command(*words: str) -> list[str]:
    """A command of DVC, by this Python."""
    return [sys.executable, "-m", "dvc", *words]


def dvc_environment() -> dict[str, str]:
    """What it needs around it: stages run the first `python` on PATH, which is to be this one."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    return {**os.environ, "PATH": path}


class Launch(BaseModel):
    """How a training was started.

    Attributes:
        experiment: Name of the DVC experiment; None for `dvc repro`.
        copied: Whether it ran in a throw-away copy (`dvc exp run --temp`, or a queue).
        params: All of its params.yaml, by dotted name.
    """

    experiment: str | None = None
    copied: bool = False
    params: dict[str, Any] = {}

    @classmethod
    def current(cls) -> "Launch":
        """That of this process, in the folder of its stage."""
        here = Path.cwd()
        copied = here.resolve() != project_root().resolve()
        name = os.environ.get("DVC_EXP_NAME") or None
        return cls(experiment=name, copied=copied, params=read_leaves(here / _PARAMS))

    def command(self) -> str:
        """What starts it again, typed at the root of the project as that is now."""
        now = read_leaves(project_root() / _PARAMS)
        others = {key: value for key, value in self.params.items() if now.get(key, value) != value}
        if not (self.experiment or self.copied or others):
            return "dvc repro"
        words = ["dvc", "exp", "run"]
        if self.copied or others:  # without a copy, DVC would write the old values over the new
            words.append("--temp")
        if self.experiment:
            words += ["-n", self.experiment]
        for key, value in others.items():
            words += ["-S", f"{key}={override_text(value)}"]
        return shlex.join(words)


def read_leaves(path: Path) -> dict[str, Any]:
    """A params.yaml by dotted name, numbers read as DVC reads them; nothing where it is damaged."""
    try:
        tree = read_yaml(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return leaves(tree) if isinstance(tree, dict) else {}


def leaves(tree: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Parameters by dotted name."""
    found: dict[str, Any] = {}
    for key, value in tree.items():
        name = f"{prefix}{key}"
        found |= leaves(value, f"{name}.") if isinstance(value, dict) else {name: value}
    return found


def override_text(value: Any) -> str:
    """A value as `dvc exp run -S` takes it, in the grammar of Hydra."""
    if isinstance(value, list):
        return f"[{','.join(map(override_text, value))}]"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    text = str(value)
    plain = re.fullmatch(r"[A-Za-z_/][\w./-]*", text) and text.lower() not in _NO_TEXT
    if plain or not isinstance(value, str):
        return text
    escaped = re.sub(r"(\\+)(?='|$)", r"\1\1", text).replace("'", r"\'")
    return f"'{escaped}'"
