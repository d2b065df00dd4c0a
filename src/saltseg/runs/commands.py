"""The command that goes on with a training, which may have run in a copy that is gone by then."""

import os
import re
import shlex
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from saltseg.root import project_root
from saltseg.settings import read_yaml

_PARAMS = "params.yaml"
_NO_TEXT = {"true", "false", "null", "inf", "nan"}
"""Words that Hydra, which reads DVC's overrides, takes for something else than text."""


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
        return cls(experiment=name, copied=copied, params=_read(here / _PARAMS))

    def command(self) -> str:
        """What starts it again, typed at the root of the project as that is now."""
        now = _read(project_root() / _PARAMS)
        others = {key: value for key, value in self.params.items() if now.get(key, value) != value}
        if not (self.experiment or self.copied or others):
            return "dvc repro"
        words = ["dvc", "exp", "run"]
        if self.copied or others:  # without a copy, DVC would write the old values over the new
            words.append("--temp")
        if self.experiment:
            words += ["-n", self.experiment]
        for key, value in others.items():
            words += ["-S", f"{key}={_override(value)}"]
        return shlex.join(words)


def _read(path: Path) -> dict[str, Any]:
    """A params.yaml by dotted name, numbers read as DVC reads them; nothing where it is damaged."""
    try:
        tree = read_yaml(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return dict(_leaves(tree, "")) if isinstance(tree, dict) else {}


def _leaves(tree: dict[str, Any], prefix: str) -> list[tuple[str, Any]]:
    found = []
    for key, value in tree.items():
        name = f"{prefix}{key}"
        found += _leaves(value, f"{name}.") if isinstance(value, dict) else [(name, value)]
    return found


def _override(value: Any) -> str:
    """A value in the grammar of Hydra."""
    if isinstance(value, list):
        return f"[{','.join(map(_override, value))}]"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    text = str(value)
    plain = re.fullmatch(r"[A-Za-z_/][\w./-]*", text) and text.lower() not in _NO_TEXT
    if plain or not isinstance(value, str):
        return text
    escaped = re.sub(r"(\\+)(?='|$)", r"\1\1", text).replace("'", r"\'")
    return f"'{escaped}'"
