"""Where folds are trained: the workspace, or a copy of it with other parameters."""

import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import chdir, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from dvc.exceptions import DvcException
from dvc.repo import Repo

from saltseg.errors import DataError, TrainingError
from saltseg.root import WORKSPACE
from saltseg.runs.commands import dvc_command, dvc_environment, read_leaves

TRAIN = "train@"
"""What names of the stages that train a fold begin with."""


@dataclass(frozen=True)
class Nodes:
    """A cluster, and what a fold takes of it.

    Attributes:
        address: As Ray takes it.
        cpus: Cores of a fold, and its threads where params.yaml leaves them open.
        gpus: GPUs of a fold; a part of one lets several share it.
        keep: Seconds between two saves of a training's state at the remote; 0 for none.
    """

    address: str
    cpus: int
    gpus: float = 0.0
    keep: float = 0.0


class Fold(NamedTuple):
    """A fold to train.

    Attributes:
        site: Where.
        stage: What DVC calls it, such as `train@vgg16-0`.
    """

    site: "Site"
    stage: str

    @property
    def title(self) -> str:
        """What its training calls itself, such as `vgg16 fold 0`."""
        return " fold ".join(self.stage.removeprefix(TRAIN).rsplit("-", 1))

    @property
    def name(self) -> str:
        """Unique among all sites, and fit for a file, such as `vgg16-0`."""
        short = self.stage.removeprefix(TRAIN)
        return short if self.site.name == WORKSPACE else f"{self.site.name}.{short}"


class Stages(NamedTuple):
    """Names of stages.

    Attributes:
        before: Those that trainings depend on.
        trainings: One a fold, in order.
    """

    before: Sequence[str]
    trainings: Sequence[str]


@dataclass(frozen=True)
class Site:
    """A checkout in which folds are trained.

    Attributes:
        name: `workspace`, or that of an experiment.
        folder: Of the checkout.
        overrides: What the experiment changes, as `dvc exp run -S` takes it.
    """

    name: str
    folder: Path
    overrides: tuple[str, ...] = ()

    @property
    def leaves(self) -> dict[str, Any]:
        """Its params.yaml by dotted name, as trainings note it."""
        return read_leaves(self.folder / "params.yaml")

    def environment(self, root: Path) -> dict[str, str]:
        """Of its commands: what a copy leaves besides its outputs belongs to the project.

        Args:
            root: Of the project.
        """
        own = {} if self.name == WORKSPACE else {"DVC_ROOT": str(root), "DVC_EXP_NAME": self.name}
        return dvc_environment() | own

    def prepare(self) -> list[Fold]:
        """Run all that folds are trained from, once.

        Returns:
            The folds that DVC has yet to train or to restore, in order.

        Raises:
            DataError: dvc.yaml or dvc.lock is damaged.
            TrainingError: A stage has failed; it has said why.
        """
        names = self.stages()
        self.dvc("repro", *names.before)
        with self._repo() as repo:
            changed = repo.status(targets=names.trainings)
        return [Fold(self, name) for name in names.trainings if name in changed]

    def dvc(self, *words: str) -> None:
        """Run a command of DVC here, which prints.

        Raises:
            TrainingError: It has failed; it has said why.
        """
        command, around = dvc_command(*words), self.environment(Path.cwd())
        if subprocess.run(command, cwd=self.folder, env=around, check=False).returncode:
            raise TrainingError(f"{self.name}: `dvc {' '.join(words)}` has failed, as said above")

    def remove(self) -> None:
        """Delete the checkout; what it has made is in DVC's cache."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def stages(self) -> Stages:
        """Those that matter to trainings.

        Raises:
            DataError: dvc.yaml or dvc.lock is damaged.
        """
        with self._repo() as repo:
            graph = repo.index.graph
            trainings = [one for one in graph if one.addressing.startswith(TRAIN)]
            before = {stage for one in trainings for stage in graph.successors(one)}
            trainings.sort(key=lambda one: int(one.addressing.rpartition("-")[2]))
            return Stages(
                sorted(stage.addressing for stage in before),
                [stage.addressing for stage in trainings],
            )

    @contextmanager
    def _repo(self) -> Iterator[Repo]:
        """DVC as it stands here: it calls stages by where the process is."""
        try:
            with chdir(self.folder), Repo() as repo:
                yield repo
        except DvcException as error:
            raise DataError(" ".join(str(error).split())) from None
