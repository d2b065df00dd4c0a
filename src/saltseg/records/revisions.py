"""Outputs of the workspace, of DVC experiments, and of any commit."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

from dvc.api import DVCFileSystem
from dvc.exceptions import DvcException, NotDvcRepoError
from dvc.repo import Repo
from dvc.utils.serialize import ParseError
from fsspec.implementations.dirfs import DirFileSystem
from fsspec.implementations.local import LocalFileSystem
from scmrepo.exceptions import SCMError

from saltseg.errors import DataError
from saltseg.records.lock import MEND
from saltseg.records.outputs import Outputs
from saltseg.records.provenance import Origin, current_origin

WORKSPACE = "workspace"


def here() -> Outputs:
    """Outputs in the current folder, as a stage sees them."""
    return Outputs(WORKSPACE, current_origin(), DirFileSystem(".", LocalFileSystem()))


def workspace() -> Outputs:
    """Outputs in the current folder, compared with what DVC has recorded.

    Raises:
        DataError: There is no pipeline here.
    """
    with _one_line_dvc_errors(), Repo() as repo:
        return replace(here(), changed=bool(repo.status(targets=["evaluate"])))


def experiments() -> list[Outputs]:
    """Outputs of every DVC experiment of this repository, whatever commit it started from.

    Raises:
        DataError: There is no repository here.
    """
    with _one_line_dvc_errors(), Repo() as repo:
        listed: Mapping[str, list[tuple[str, str]]] = repo.experiments.ls(all_commits=True)
        return [
            Outputs(name, Origin(baseline, name), DVCFileSystem(repo.root_dir, rev=commit))
            for baseline, of_baseline in listed.items()
            for name, commit in sorted(of_baseline)
        ]


def find(names: Sequence[str]) -> list[Outputs]:
    """Outputs of experiments, commits, or the workspace.

    Args:
        names: As git or DVC know them; none for the workspace and every experiment.

    Raises:
        DataError: There is no repository here, or no such revision.
    """
    known = {outputs.name: outputs for outputs in (here(), *experiments())}
    with _one_line_dvc_errors(), Repo() as repo:
        return [known[name] if name in known else _at_commit(repo, name) for name in names or known]


def _at_commit(repo: Repo, name: str) -> Outputs:
    if not name:  # which git would take for HEAD
        raise DataError("an empty name of a run; `dvc exp list -A` lists the experiments")
    commit = repo.scm.resolve_rev(name)
    return Outputs(name, Origin(commit), DVCFileSystem(repo.root_dir, rev=commit))


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
