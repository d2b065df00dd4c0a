"""Outputs of the workspace, of DVC experiments, and of any commit."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from dvc.api import DVCFileSystem
from dvc.exceptions import DvcException, NotDvcRepoError
from dvc.repo import Repo
from dvc.utils.serialize import ParseError
from fsspec import AbstractFileSystem
from fsspec.implementations.dirfs import DirFileSystem
from fsspec.implementations.local import LocalFileSystem
from scmrepo.exceptions import RevError, SCMError

from saltseg.errors import DataError
from saltseg.root import WORKSPACE
from saltseg.runs.lock import MEND
from saltseg.runs.outputs import Outputs
from saltseg.runs.provenance import Origin, current_origin


def current_outputs(folder: str = ".") -> Outputs:
    """Outputs in the current folder, as a stage sees them, or in another one."""
    return Outputs(WORKSPACE, current_origin(), DirFileSystem(folder, LocalFileSystem()))


def workspace() -> Outputs:
    """Outputs in the workspace, compared with what DVC has recorded.

    Raises:
        DataError: There is no pipeline here.
    """
    with _one_line_dvc_errors(), Repo() as repo:
        # DVC takes names of stages from where the user stands.
        evaluate = f"{os.path.relpath(repo.root_dir)}/dvc.yaml:evaluate"
        return replace(
            current_outputs(repo.root_dir), changed=bool(repo.status(targets=[evaluate]))
        )


def experiments() -> list[Outputs]:
    """Outputs of every DVC experiment of this repository, whatever commit it started from.

    Returns:
        The oldest first.

    Raises:
        DataError: There is no repository here.
    """
    with _one_line_dvc_errors(), Repo() as repo:
        return [_experiment(repo, *one) for one in _experiments(repo)]


def find(names: Sequence[str]) -> list[Outputs]:
    """Outputs of experiments, commits, or the workspace.

    Args:
        names: As git or DVC know them; none for the workspace and every experiment.

    Raises:
        DataError: There is no repository here, or no such revision.
    """
    with _one_line_dvc_errors(), Repo() as repo:
        own = current_outputs(repo.root_dir)
    if not names:
        return [own, *experiments()]
    return [own if name == WORKSPACE else recorded(name) for name in names]


def recorded(name: str) -> Outputs:
    """Outputs of the workspace, of an experiment (the newest of its name) or of a commit.

    Args:
        name: As git or DVC know it.

    Raises:
        DataError: They do not know it, or there is no repository here.
    """
    if name == WORKSPACE:
        return workspace()
    with _one_line_dvc_errors(), Repo() as repo:
        listed = _experiments(repo)
        for one in reversed(listed):
            if one.name == name:
                return _experiment(repo, *one)
        try:
            # git would take an empty name for HEAD.
            commit = repo.scm.resolve_rev(name) if name else None
        except RevError:
            commit = None
        if commit is None:
            raise DataError(_unknown(repo, name, [one.name for one in listed]))
        return Outputs(name, Origin(commit), _files(repo, commit))


class _Experiment(NamedTuple):
    name: str
    baseline: str
    commit: str


def _experiments(repo: Repo) -> list[_Experiment]:
    """Every experiment, the oldest first."""
    listed: Mapping[str, list[tuple[str, str]]] = repo.experiments.ls(all_commits=True)
    found = [_Experiment(name, base, rev) for base, own in listed.items() for name, rev in own]
    times = {one: repo.scm.resolve_commit(one.commit).commit_time for one in found}
    return sorted(found, key=lambda one: (times[one], one))


def _experiment(repo: Repo, name: str, baseline: str, commit: str) -> Outputs:
    return Outputs(name, Origin(baseline, name), _files(repo, commit))


def _files(repo: Repo, commit: str) -> AbstractFileSystem:
    """Files of a commit, of which DVC's cache keeps some, dvc.lock at the top."""
    folder = os.path.relpath(repo.root_dir, repo.scm.root_dir)
    if folder == ".":
        return DVCFileSystem(repo.root_dir, rev=commit)
    # Of a project in a folder of a larger git repository (`dvc init --subdir`) DVC shows that one.
    whole = DVCFileSystem(repo.root_dir, rev=commit, subrepos=True)
    return DirFileSystem(f"/{Path(folder).as_posix()}", whole)


def _unknown(repo: Repo, name: str, known: Sequence[str]) -> str:
    kinds = {
        "experiments": known,
        "branches": repo.scm.list_branches(),
        "tags": repo.scm.list_tags(),
    }
    there = [f"{kind} {some(names)}" for kind, names in kinds.items() if names]
    return f"no DVC experiment, commit, branch or tag '{name}' ({'; '.join(there) or 'none'})"


def some(names: Iterable[str]) -> str:
    """The last twenty of several names, for people to read."""
    each = list(dict.fromkeys(names))
    more = f" and {len(each) - 20} more" if len(each) > 20 else ""
    return ", ".join(each[-20:]) + more


@contextmanager
def _one_line_dvc_errors() -> Iterator[None]:
    try:
        yield
    except NotDvcRepoError as error:
        raise DataError(f"{' '.join(str(error).split())}; run this where dvc.yaml is") from None
    except ParseError as error:  # for instance with the marks of a merge
        raise DataError(f"{' '.join(str(error).split())}; {MEND}") from None
    except (DvcException, SCMError) as error:
        raise DataError(
            f"{' '.join(str(error).split())}; `dvc exp list -A` lists the experiments"
        ) from None
