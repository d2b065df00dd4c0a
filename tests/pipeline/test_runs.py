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


CHOOSE = """
import sys
from saltseg.tracking.lookup import choose
from saltseg.tracking.store import own_store
for one in choose(own_store(), sys.argv[1:]):
    print(one.run.info.run_id, one.run.data.tags["key"], one.name)
"""


def python(project: Project, code: str, *arguments: str) -> list[str]:
    return project.run("python", "-c", code, *arguments).strip().splitlines()


def facts_of(project: Project, runs: Sequence[str]) -> list[dict[str, Any]]:
    """What is known of the models that names mean."""
    return [json.loads(line) for line in python(project, MODELS, *runs)[-len(runs) :]]


def test_a_run_by_each_of_its_names(compared: Project) -> None:
    run_id, other = python(compared, RUN_OF, "residual16")[-1].split()
    names = ["workspace", "HEAD", "main", "greedy", other, "residual16", run_id, run_id[:8]]
    facts = facts_of(compared, names)
    found = [(one["name"], one["threshold"]) for one in facts]
    assert found[:4] == [("plain", 0.5)] * 3 + [("plain greedy", 0.05)]
    assert found[4:] == [(f"residual16 {other}", 0.5)] * 4
    # What `compare` and `register` take is the same.
    chosen = [line.split(" ", 2) for line in python(compared, CHOOSE, *names)[-len(names) :]]
    assert [key for _, key, _ in chosen] == [one["key"] for one in facts]
    assert [one for one, *_ in chosen[4:]] == [run_id] * 4


def test_a_name_that_nothing_has_lists_those_that_there_are(compared: Project) -> None:
    for command in (("compare", "nosuch", "plain"), ("export", "--out", "x", "--run")):
        asked = command if "nosuch" in command else (*command, "nosuch")
        (line,) = compared.run("saltseg", *asked, ok=False).strip().splitlines()
        assert "no run 'nosuch': no DVC experiment, commit, branch or tag" in line
        assert "greedy" in line.split("experiments")[1]
        assert "branches main" in line
        assert "backbones plain, residual16" in line


@pytest.mark.long
def test_champion_is_the_better_one(compared: Project, tmp_path: Path) -> None:
    # A copy: registered models lie with the runs, whose files other tests compare.
    project = copy_of(compared, tmp_path / "project")
    project.run("saltseg", "track", "--all")
    names = ["workspace", "residual16"]
    first, second = (one["map_iou"] for one in facts_of(project, names))
    said = [project.run("saltseg", "register", name) for name in names]
    assert "models:/saltseg/1 is the champion: there was none" in said[0]
    assert ("models:/saltseg/2 is the champion" in said[1]) is (second >= first)
    assert "residual16" in said[1]
    renamed_and_lost(project, tmp_path)


def renamed_and_lost(project: Project, folder: Path) -> None:
    """Registered, an experiment outlives its new name and the loss of its networks."""
    run_id, other = python(project, RUN_OF, "residual16")[-1].split()
    project.run("dvc", "exp", "rename", other, "baseline")
    chosen = python(project, CHOOSE, "baseline", other, "residual16 baseline")
    assert chosen[-3:] == [f"{run_id} {chosen[-1].split()[1]} residual16 baseline"] * 3
    project.run("dvc", "gc", "--workspace", "--force")
    one = write_zip(folder / "one.zip", {"a": picture(101, 101)})
    command = ("saltseg", "predict", str(one), "--out", "x", "--run")
    (line,) = project.run(*command, "baseline", ok=False).strip().splitlines()
    assert "is not in DVC's cache any more" in line
    assert line.endswith("registry holds the same networks: name models:/saltseg/2 as the run")
    # Under the name that it had then.
    assert f"residual16 {other}, threshold 0.5" in project.run(*command, "models:/saltseg/2")
    (line,) = project.run(*command, "models:/saltseg/9", ok=False).strip().splitlines()
    assert "there are: models:/saltseg/1, models:/saltseg/2" in line


def test_lost_networks_of_an_experiment_say_how_to_restore_them(
    compared: Project, tmp_path: Path
) -> None:
    one = write_zip(tmp_path / "one.zip", {"a": picture(101, 101)})
    cache = compared.root / ".dvc/cache"
    cache.rename(compared.root / "gone")
    cache.mkdir()
    (compared.root / "greedy").mkdir()  # a folder is no run, whatever its name
    # As in a fresh clone: nor has DVC an index of what the cache held.
    lost = {"DVC_SITE_CACHE_DIR": str(tmp_path)}
    command = ("saltseg", "predict", str(one), "--out", "x", "--run")
    try:
        said = compared.run(*command, "greedy", ok=False, **lost)
        of_commit = compared.run(*command, "HEAD", ok=False, **lost)
    finally:
        (compared.root / "greedy").rmdir()
        cache.rmdir()
        (compared.root / "gone").rename(cache)
    assert len(said.strip().splitlines()) == 1, said
    assert "`dvc exp apply greedy`, then `dvc pull`" in said
    assert len(of_commit.strip().splitlines()) == 1, of_commit
    assert "`dvc pull` brings it back" in of_commit
    assert not (compared.root / "x").exists()
