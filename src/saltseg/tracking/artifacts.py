"""What a run left, from MLflow's artifacts: for runs that this clone has no record of."""

import tempfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from mlflow.entities import Run

from saltseg.errors import DataError
from saltseg.runs.outputs import AGAIN, Outputs
from saltseg.runs.provenance import Origin
from saltseg.tracking.store import Store

_NEEDED = {"params.yaml", "dvc.lock", "summary.json", "tiles.csv", "curves_folds.csv"}


class Artifacts:
    """Artifacts of a run by the paths that the files had; each is fetched when it is read."""

    def __init__(self, store: Store, run_id: str) -> None:
        """Fetch nothing yet."""
        self._store, self._run_id = store, run_id

    @cached_property
    def names(self) -> set[str]:
        """Of all of them."""
        return self._store.files(self._run_id)

    def exists(self, path: str) -> bool:
        """Whether a file is among them."""
        return Path(path).name in self.names

    def cat_file(self, path: str) -> bytes:
        """Content of a file.

        Raises:
            FileNotFoundError: It is not among them.
        """
        name = Path(path).name
        if name not in self.names:
            raise FileNotFoundError("not among the artifacts")
        with tempfile.TemporaryDirectory() as folder:
            found = self._store.client.download_artifacts(self._run_id, name, folder)
            return Path(found).read_bytes()


@dataclass(frozen=True)
class ShownOutputs(Outputs):
    """Outputs as MLflow shows them; DVC's cache may hold the networks all the same.

    Attributes:
        shown_key: The key that was logged: what it is made of is not among the artifacts.
    """

    shown_key: str = ""

    @property
    def key(self) -> str:
        """Key of the whole cross-validation."""
        return self.shown_key

    @property
    def restore(self) -> str:
        """What to do where networks are lost from DVC's cache."""
        return f"check out {(self.origin.commit or 'its commit')[:7]}; {AGAIN}"

    @property
    def mend(self) -> str:
        """What to do where a file is damaged."""
        return "delete the run, then `saltseg track --all` writes it anew"


def shown_outputs(store: Store, run: Run) -> ShownOutputs:
    """What a run left.

    Args:
        store: Where.
        run: Of an experiment.

    Raises:
        DataError: Its artifacts are gone.
    """
    files, tags = Artifacts(store, run.info.run_id), run.data.tags
    name = f"run {run.info.run_name}"
    if missing := _NEEDED - files.names:
        raise DataError(
            f"{', '.join(sorted(missing))} of {name} are gone; `saltseg track --all` writes them"
            " anew"
        )
    experiment = tags.get("dvc_experiment", "").split(", ")[-1]
    origin = Origin(tags.get("git_commit"), experiment or None)
    return ShownOutputs(name, origin, files, shown_key=tags["key"])
