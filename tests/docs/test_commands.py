"""Every command in README and docs: programs, options, parameters, targets and files are there.

They are parsed by the programs' own parsers, not run; what they do is tested elsewhere.
"""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from dvc.cli import parse_args
from dvc.cli.parser import DvcParserError

from saltseg.cli import app
from saltseg.errors import ParameterError
from saltseg.params import load_params, with_overrides

ROOT = Path(__file__).parents[2]
PAGES = ["README.md", "CONTRIBUTING.md", "recipes/README.md", *ROOT.glob("docs/**/*.md")]
BLOCK = re.compile(r"^```(sh|text)\n(.*?)^```", re.MULTILINE | re.DOTALL)
OTHERS = {"cp", "curl", "export", "git", "mlflow", "pip", "ray", "rm"}
"""Programs whose options are not looked at."""


def commands() -> Iterator[tuple[str, str]]:
    """Page and command of every line of a `sh` block, and of those behind a `$` in others."""
    for page in PAGES:
        path = ROOT / page
        for kind, block in BLOCK.findall(path.read_text()):
            for line in block.replace("\\\n", " ").splitlines():
                if kind == "text" and not line.startswith("$ "):
                    continue
                for part in re.split(" && ", line.removeprefix("$ ")):
                    if part.strip() and not part.strip().startswith("#"):
                        yield str(path.relative_to(ROOT)), part.strip()


COMMANDS = list(commands())


def words_of(command: str) -> list[str]:
    """Words, without comments and settings before them; what a recipe holds in its place."""
    recipe = re.compile(r"\$\(cat (\S+)\)")
    text = recipe.sub(lambda found: (ROOT / found[1]).read_text().strip(), command)
    words = shlex.split(text, comments=True)
    while "=" in words[0]:
        words = words[1:]
    return [words[0].removeprefix(".venv/bin/"), *words[1:]]


def check_saltseg(words: list[str]) -> None:
    """Parse as the command would."""
    group: Any = typer.main.get_command(app)
    if words[0].startswith("-"):
        assert words[0] in {option for param in group.params for option in param.opts}
        return
    group.commands[words[0]].make_context(words[0], words[1:])


def check_dvc(words: list[str]) -> None:
    """Parse as DVC would; overrides name parameters and values that there may be."""
    parse_args(words)
    for name, value in overrides(words):
        sweep = [value] if value.startswith("[") else value.split(",")
        for one in sweep:
            with_overrides(load_params(ROOT / "params.yaml"), {name: yaml.safe_load(one)})


def overrides(words: list[str]) -> Iterator[tuple[str, str]]:
    for before, word in zip(words, [*words[1:], ""], strict=True):
        text = word if before == "-S" else before[2:] if before.startswith("-S") else ""
        if "=" in text:
            name, _, value = text.partition("=")
            yield name, value


def check_make(words: list[str]) -> None:
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert {word for word in words if "=" not in word} <= set(targets)


def check_python(words: list[str]) -> None:
    if words[0] == "-m":
        assert (ROOT / f"{words[1].replace('.', '/')}.py").exists()
    elif words[0] != "-c":
        assert (ROOT / words[0]).exists()


CHECKS = {
    "dvc": check_dvc,
    "make": check_make,
    "python": check_python,
    "saltseg": check_saltseg,
    **dict.fromkeys(OTHERS, lambda words: None),
}


@pytest.mark.parametrize(("page", "command"), COMMANDS)
def test_command_can_be_typed(page: str, command: str) -> None:
    program, *rest = words_of(command)
    CHECKS[program](rest)


def test_a_wrong_one_is_found() -> None:
    assert len(COMMANDS) > 50
    with pytest.raises(Exception, match="No such option: --nosuch"):
        check_saltseg(["compare", "--nosuch"])
    with pytest.raises(KeyError):
        check_saltseg(["nosuch"])
    with pytest.raises(DvcParserError):
        check_dvc(["exp", "run", "--nosuch"])
    with pytest.raises(ParameterError):
        check_dvc(["exp", "run", "-S", "train.nosuch=1"])
    with pytest.raises(ParameterError):
        check_dvc(["exp", "run", "-S", "backbone=resnet50,nosuch"])
    with pytest.raises(AssertionError):
        check_make(["nosuch"])
    with pytest.raises(AssertionError):
        check_python(["-m", "benchmarks.nosuch"])
