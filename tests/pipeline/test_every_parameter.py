"""Each parameter, changed, runs the stages that declare it, in a real DVC repository.

The stages are those of dvc.yaml; only their commands are replaced, by ones that take no time.
"""

import contextlib
import copy
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from dvc.repo import Repo
from dvc_data.hashfile.meta import Meta

from saltseg.backbones import IGNORED_BY_DVC

ROOT = Path(__file__).parents[2]
PARAMS = yaml.safe_load((ROOT / "params.yaml").read_text())
OTHER = {"backbone": "vgg16", "dataset": "other.yaml", "model.weights": "other"}
"""Values that must be names of something."""


def leaves(tree: dict[str, Any], before: str = "") -> Iterator[str]:
    """Dotted names of all that can be changed."""
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from leaves(value, f"{before}{key}.")
        else:
            yield f"{before}{key}"


def changed(leaf: str) -> dict[str, Any]:
    """The committed parameters with another value for one."""
    tree = copy.deepcopy(PARAMS)
    *groups, name = leaf.split(".")
    group = tree
    for part in groups:
        group = group[part]
    value = group[name]
    if leaf in OTHER:
        group[name] = OTHER[leaf]
    elif isinstance(value, bool) or value is None:
        group[name] = not value
    elif isinstance(value, list):
        group[name] = value[:-1]
    else:
        group[name] = value + "x" if isinstance(value, str) else value + 1
    return tree


class Stubbed:
    """A repository whose stages note that they ran, and write the same whatever they are told."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.log = folder, folder / "ran"
        for name in ("src/saltseg/backbones.yaml", "data/synthetic.yaml"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes((ROOT / name).read_bytes())
        pipeline = yaml.safe_load((ROOT / "dvc.yaml").read_text())
        del pipeline["plots"], pipeline["stages"]["track"]
        for name, stage in pipeline["stages"].items():
            outs = [
                path
                for kind in ("outs", "metrics", "plots")
                for one in stage.get(kind, [])
                for path in ([one] if isinstance(one, str) else one)
            ]
            item = "-${item.fold}" if "matrix" in stage else ""
            writes = [
                f"mkdir -p {path} && echo made > {path}/file"
                if not Path(path).suffix
                else f"mkdir -p {Path(path).parent} && echo made > {path}"
                for path in outs
            ]
            stage["cmd"] = " && ".join([f"echo {name}{item} >> {self.log}", *writes])
            stage["deps"] = [one for one in stage["deps"] if not one.startswith("src/")]
            (folder / "stages").mkdir(exist_ok=True)
            (folder / f"stages/{name}.py").touch()
        (folder / "dvc.yaml").write_text(yaml.safe_dump(pipeline))
        (folder / "weights").mkdir()
        for name in ("weights/random", "weights/other", "other.yaml"):
            (folder / name).touch()
        (folder / ".gitignore").write_text("/models/\n")
        subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
        Repo.init(str(folder)).close()

    def run(self, params: dict[str, Any]) -> set[str]:
        """Run the pipeline; returns the stages that ran, which a restored one does not."""
        (self.folder / "params.yaml").write_text(yaml.safe_dump(params))
        self.log.write_text("")
        with contextlib.chdir(self.folder), Repo() as repo:
            repo.reproduce()
        return {line.split("-")[0] for line in self.log.read_text().split()}


@pytest.fixture(scope="module")
def stubbed(tmp_path_factory: pytest.TempPathFactory) -> Stubbed:
    made = Stubbed(tmp_path_factory.mktemp("stubbed"))
    made.run(PARAMS)
    return made


def declaring(leaf: str) -> set[str]:
    """Stages of dvc.yaml that declare a parameter, or a group that it belongs to."""
    stages = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
    groups = {leaf[:end] for end, sign in enumerate(leaf + ".") if sign == "."}
    return {
        name for name, stage in stages.items() if groups & set(map(str, stage.get("params", [])))
    }


@pytest.mark.parametrize("leaf", list(leaves(PARAMS)))
def test_a_changed_parameter_runs_its_stages(stubbed: Stubbed, leaf: str) -> None:
    expected = declaring(leaf)
    assert expected or leaf.startswith("tracking.")
    assert stubbed.run(changed(leaf)) >= expected


def test_dvc_still_overlooks_these_names(tmp_path: Path) -> None:
    """Should this fail, DVC has mended its issue 10296, and `IGNORED_BY_DVC` can go."""
    assert {Meta.PARAM_SIZE, Meta.PARAM_NFILES} == IGNORED_BY_DVC
    for name in IGNORED_BY_DVC:
        folder = tmp_path / name
        folder.mkdir()
        made, params = Stubbed(folder), copy.deepcopy(PARAMS)
        params["preprocess"][name] = 32
        made.run(params)
        params["preprocess"][name] = 64
        assert "preprocess" not in made.run(params)
