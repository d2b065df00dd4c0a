"""dvc.yaml declares what the stages read: no more, no less."""

import ast
import re
from collections.abc import Iterable
from pathlib import Path

import pytest
import yaml

from saltseg.backbones import BackboneRow
from saltseg.params import Params

ROOT = Path(__file__).parents[2]
STAGES = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
# They decide no number: errors, atomic writes, checking of parameters, where the state of a
# training is kept; what is said of the CPU; what DVC and MLflow record, and what the terminal
# shows.
NO_NUMBERS = {
    "saltseg.array_types",
    "saltseg.backbones",
    "saltseg.errors",
    "saltseg.files",
    "saltseg.machine",
    "saltseg.params",
    "saltseg.quiet",
    "saltseg.root",
    "saltseg.runs.unfinished",
    "saltseg.values",
}
RECORDS = ("saltseg.tracking", "saltseg.runs", "saltseg.report")


def imported(path: Path) -> set[str]:
    """Modules of ours that a file imports, at its top or inside functions."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    if path.parent.name == "objectives":  # imports what the parameters name
        names |= {
            f"saltseg.objectives.{kind}.{PARAMS['train'][name]}"
            for kind, name in re.findall(r'_file\("(\w+)", options\.(\w+)\)', path.read_text())
        }
    return {name for name in names if name.startswith("saltseg.") and module_file(name).exists()}


def module_file(name: str) -> Path:
    path = ROOT / "src" / Path(*name.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def chosen(dep: str) -> str:
    """A dependency with the committed parameters put in."""
    return re.sub(r"\$\{train\.(\w+)\}", lambda name: PARAMS["train"][name[1]], dep)


def declared_files(stage: str) -> set[str]:
    """Files of code that a stage depends on; a folder stands for all that is in it."""
    deps = [chosen(dep) for dep in STAGES[stage]["deps"]]
    paths = [ROOT / dep for dep in deps if dep.startswith("src/")]
    files = [file for path in paths for file in (path.rglob("*.py") if path.is_dir() else [path])]
    assert len(set(files)) == len(files)
    return with_code(files)


PARAMS = yaml.safe_load((ROOT / "params.yaml").read_text())


def with_code(files: Iterable[Path]) -> set[str]:
    """Without those that hold a docstring at most."""
    found = {file for file in files if len(ast.parse(file.read_text()).body) > 1}
    return {str(file.relative_to(ROOT)) for file in found}


def reached(path: Path) -> set[str]:
    """Modules reached from a stage script, without records and reports, which change no output."""
    found: set[str] = set()
    waiting = imported(path)
    while waiting:
        name = waiting.pop()
        if name in found or name in NO_NUMBERS or name.startswith(RECORDS):
            continue
        found.add(name)
        waiting |= imported(module_file(name))
    return with_code(map(module_file, found))


@pytest.mark.parametrize("stage", STAGES)
def test_every_module_that_decides_numbers_is_a_dependency(stage: str) -> None:
    script = f"stages/{stage}.py"
    assert script in STAGES[stage]["deps"]
    assert declared_files(stage) == reached(ROOT / script)


def parameters_read(stage: str) -> set[str]:
    """Dotted parameters that a script and its modules take from `params`, found in their code."""
    declared = yaml.safe_load((ROOT / "params.yaml").read_text())
    leaves = {
        f"{group}.{key}" if isinstance(value, dict) else group
        for group, value in declared.items()
        for key in (value if isinstance(value, dict) else [None])
    }
    files = [
        ROOT / f"stages/{stage}.py",
        *(ROOT / name for name in reached(ROOT / f"stages/{stage}.py")),
    ]
    if stage == "train":  # what a choice reads that the committed parameters do not make
        files += (ROOT / "src/saltseg/objectives").rglob("*.py")
    text = "\n".join(path.read_text() for path in files)
    read = set()
    for leaf in leaves:
        group, _, key = leaf.partition(".")
        direct = f"params.{leaf}" in text or f"load_params().{leaf}" in text
        taken = f"params.{group}" in text or f"load_params().{group}" in text
        if direct or (key and taken and f"options.{key}" in text):
            read.add(leaf)
    return read


def declared_parameters(stage: str) -> set[str]:
    """Dotted leaves that dvc.yaml declares; a whole group stands for its leaves."""
    params = yaml.safe_load((ROOT / "params.yaml").read_text())
    leaves: set[str] = set()
    for entry in STAGES[stage].get("params", []):
        if isinstance(entry, dict):
            continue
        value = params
        for part in entry.split("."):
            value = value[part]
        whole_group = "." not in entry and isinstance(value, dict)
        leaves |= {f"{entry}.{key}" for key in value} if whole_group else {entry}
    return leaves


@pytest.mark.parametrize("stage", STAGES)
def test_parameters_declared_are_those_read(stage: str) -> None:
    assert declared_parameters(stage) == parameters_read(stage)


def test_params_file_has_every_field_and_no_other() -> None:
    declared = yaml.safe_load((ROOT / "params.yaml").read_text())
    assert list(declared) == list(Params.model_fields)


def test_stages_that_build_networks_depend_on_their_own_row_only() -> None:
    for stage in ("weights", "train"):
        [row] = [entry for entry in STAGES[stage]["params"] if isinstance(entry, dict)]
        assert list(row) == ["src/saltseg/backbones.yaml"]
        assert len(row["src/saltseg/backbones.yaml"]) == 1
    assert BackboneRow.model_fields
