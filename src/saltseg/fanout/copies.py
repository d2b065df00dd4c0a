"""Copies of the workspace, one for each experiment, that share its cache."""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from dvc.repo import Repo
from dvc.utils.hydra import apply_overrides, get_hydra_sweeps

from saltseg.errors import DataError, ParameterError
from saltseg.fanout.sites import Site

PARAMS = "params.yaml"

_CODE = ("dvc.yaml", "dvc.lock", "params.yaml", "src", "stages")
_DATA = ("data", "weights")
"""Where a file that git does not know yet may be one that a stage needs."""


def named_sweep(settings: Sequence[str], prefix: str = "") -> dict[str, tuple[str, ...]]:
    """Experiments of all combinations of settings, each with its own.

    Args:
        settings: As `dvc exp run -S` takes them: `backbone=resnet50,vgg16` makes two.
        prefix: Their names begin with it; they are called by what tells them apart, and a single
            one by all its values, or by the prefix alone.

    Raises:
        ParameterError: A setting has no value, or two experiments would have one name.
    """
    if wrong := [one for one in settings if "=" not in one]:
        raise ParameterError(f"'{wrong[0]}': expected NAME=VALUE, or NAME=VALUE,VALUE")
    try:
        sweeps = [tuple(one[PARAMS]) for one in get_hydra_sweeps({PARAMS: list(settings)})]
    except Exception as error:  # of Hydra's grammar
        raise ParameterError(f"{' '.join(settings)}: {' '.join(str(error).split())}") from None
    shared = set.intersection(*map(set, sweeps)) if len(sweeps) > 1 else set()
    named = {}
    for overrides in sweeps:
        words = [one.partition("=")[2] for one in overrides if one not in shared]
        if prefix and len(sweeps) == 1:
            words = []
        text = re.sub(r"[^A-Za-z0-9]+", "-", "-".join(filter(None, [prefix, *words]))).strip("-")
        named[text] = overrides
    if len(named) < len(sweeps) or "" in named:
        raise ParameterError("two of these experiments would have the same name; ask for fewer")
    return named


def snapshot(folder: Path) -> str:
    """A commit that holds the pipeline as it is now; HEAD where nothing has changed.

    Files that git knows are in it, and new ones of code. The same content gives the same commit.

    Args:
        folder: Of the checkout, which stays as it is, what is staged included.

    Raises:
        DataError: There is data that neither git nor DVC knows.
    """
    new = git(folder, "ls-files", "--others", "--exclude-standard", "--", *_CODE, *_DATA)
    added = [name for name in new.splitlines() if not name.startswith(_DATA) or _about_data(name)]
    if unknown := [name for name in new.splitlines() if name not in added]:
        names = ", ".join(unknown[:3])
        raise DataError(f"neither git nor DVC knows {names}: a copy would lack it; `dvc add` it")
    with tempfile.TemporaryDirectory() as own:
        date = git(folder, "log", "-1", "--format=%cI")
        around = {"GIT_INDEX_FILE": f"{own}/index"}
        for who in ("AUTHOR", "COMMITTER"):
            around |= {
                f"GIT_{who}_NAME": "saltseg",
                f"GIT_{who}_EMAIL": "saltseg@localhost",
                f"GIT_{who}_DATE": date,
            }
        shutil.copy(folder / git(folder, "rev-parse", "--git-path", "index"), f"{own}/index")
        git(folder, "add", "--update", ":/", around=around)
        if added:
            git(folder, "add", "--", *added, around=around)
        tree = git(folder, "write-tree", around=around)
        if tree == git(folder, "rev-parse", "HEAD^{tree}"):
            return git(folder, "rev-parse", "HEAD")
        return git(folder, "commit-tree", tree, "-p", "HEAD", "-m", "fan-out", around=around)


def _about_data(name: str) -> bool:
    """Whether a file only says what DVC keeps."""
    return name.endswith((".dvc", ".gitignore"))


def copy_workspace(name: str, overrides: tuple[str, ...], commit: str, place: Path) -> Site:
    """Check a commit out in a folder of its own, with other parameters and the same cache.

    Args:
        name: Of the experiment.
        overrides: What it changes in params.yaml.
        commit: Of the git repository that the current folder lies in.
        place: Where copies are made; one of this name is replaced.

    Raises:
        ParameterError: An override is none.
    """
    home, folder = Path.cwd(), place / name
    shutil.rmtree(folder, ignore_errors=True)
    top = git(home, "rev-parse", "--show-toplevel")
    git(home, "clone", "--quiet", "--shared", "--no-checkout", top, str(folder))
    git(folder, "checkout", "--quiet", "--detach", commit)
    site = Site(name, folder / git(home, "rev-parse", "--show-prefix"), overrides)
    if (local := home / ".dvc/config.local").exists():
        shutil.copy(local, site.folder / ".dvc")
    with Repo(str(home)) as repo:
        cache = repo.cache.local_cache_dir
    with Repo(str(site.folder)) as repo, repo.config.edit("local", validate=False) as config:
        config.setdefault("cache", {})["dir"] = cache
    try:
        apply_overrides(site.folder / PARAMS, list(overrides))
    except Exception as error:  # Hydra and OmegaConf have dozens of kinds
        raise ParameterError(f"{name}: {' '.join(str(error).split())}") from None
    site.dvc("checkout", "--quiet", "--allow-missing")
    return site


def git(folder: Path, *words: str, around: Mapping[str, str] | None = None) -> str:
    """What a command of git prints.

    Args:
        folder: Where.
        words: The command.
        around: Variables to set besides.

    Raises:
        DataError: It has failed.
    """
    done = subprocess.run(
        ("git", *words),
        cwd=folder,
        env={**os.environ, **(around or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise DataError(f"git {words[0]}: {' '.join(done.stderr.split())}")
    return done.stdout.strip()
