"""A run's networks by each of its names, and the champion among several runs."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.inference.sample import picture, write_zip
from tests.pipeline.projects import Project, copy_of

pytestmark = pytest.mark.slow

MODELS = """
import json, sys
from saltseg.inference.files import read_facts
from saltseg.trained import model_folder
for run in sys.argv[1:]:
    with model_folder(run) as folder:
        print(json.dumps(read_facts(folder).model_dump()))
"""
RUN_OF = """
import sys, mlflow
mlflow.set_tracking_uri("sqlite:///mlflow.db")
found = mlflow.search_runs(search_all_experiments=True)
found = found[(found["tags.kind"] == "experiment") & (found["tags.backbone"] == sys.argv[1])]
print(found["run_id"].iloc[0], found["tags.dvc_experiment"].iloc[0])
"""


def python(project: Project, code: str, *arguments: str) -> list[str]:
    return project.run("python", "-c", code, *arguments).strip().splitlines()


def facts_of(project: Project, runs: Sequence[str]) -> list[dict[str, Any]]:
    """What is known of the models that names mean."""
    return [json.loads(line) for line in python(project, MODELS, *runs)[-len(runs) :]]


def test_a_run_by_each_of_its_names(compared: Project) -> None:
    run_id, other = python(compared, RUN_OF, "vgg16")[-1].split()
    names = ["workspace", "HEAD", "picky", other, "vgg16", run_id, run_id[:8]]
    found = [(one["name"], one["threshold"]) for one in facts_of(compared, names)]
    assert found[:3] == [("plain", 0.5), ("plain", 0.5), ("plain picky", 0.6)]
    assert found[3:] == [(f"vgg16 {other}", 0.5)] * 4


def test_champion_is_the_better_one(compared: Project, tmp_path: Path) -> None:
    # A copy: registered models lie with the runs, whose files other tests compare.
    project = copy_of(compared, tmp_path / "project")
    project.run("saltseg", "track", "--all")
    names = ["workspace", "vgg16"]
    first, second = (one["map_iou"] for one in facts_of(project, names))
    said = [project.run("saltseg", "register", name) for name in names]
    assert "models:/saltseg/1 is the champion: there was none" in said[0]
    assert ("models:/saltseg/2 is the champion" in said[1]) is (second >= first)
    assert "vgg16" in said[1]


def test_lost_networks_of_an_experiment_say_how_to_restore_them(
    compared: Project, tmp_path: Path
) -> None:
    one = write_zip(tmp_path / "one.zip", {"a": picture(101, 101)})
    cache = compared.root / ".dvc/cache"
    cache.rename(compared.root / "gone")
    cache.mkdir()
    (compared.root / "picky").mkdir()  # a folder is no run, whatever its name
    # As in a fresh clone: nor has DVC an index of what the cache held.
    lost = {"DVC_SITE_CACHE_DIR": str(tmp_path)}
    command = ("saltseg", "predict", str(one), "--out", "x", "--run")
    try:
        said = compared.run(*command, "picky", ok=False, **lost)
        of_commit = compared.run(*command, "HEAD", ok=False, **lost)
    finally:
        (compared.root / "picky").rmdir()
        cache.rmdir()
        (compared.root / "gone").rename(cache)
    assert len(said.strip().splitlines()) == 1, said
    assert "`dvc exp apply picky`, then `dvc pull`" in said
    assert len(of_commit.strip().splitlines()) == 1, of_commit
    assert "`dvc pull` brings it back" in of_commit
    assert not (compared.root / "x").exists()
