"""A trial as a DVC experiment in a copy of the workspace, watched epoch by epoch."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen, TimeoutExpired

from pydantic import ValidationError

from saltseg.errors import DataError, TrainingError
from saltseg.params import Params, with_overrides
from saltseg.runs.commands import dvc_command, override_text
from saltseg.runs.keys import locked_inputs
from saltseg.runs.outputs import Outputs
from saltseg.runs.processes import process_group, reason_of
from saltseg.runs.revisions import experiments
from saltseg.runs.unfinished import unfinished
from saltseg.scoring.scores import DECIDING
from saltseg.tune.space import Overrides
from saltseg.tune.trials import Hopeless, Result

POLL = 1.0
"""Seconds between two looks at a training."""

WATCHED = f"val_{DECIDING.name}"
"""The score after each epoch that pruning goes by."""

MEASURE = ("data/", "src/saltseg/scoring")
"""Inputs of the evaluation that all trials must share: tiles, folds, and what scores them."""


@dataclass
class Experiments:
    """Runs trials as DVC experiments.

    Attributes:
        base: All parameters, but for the overrides of a trial.
        folder: For what trials print, a file each.
        show: Takes a line after each epoch of the one that runs.
    """

    base: Params
    folder: Path
    show: Callable[[str], None]

    def __call__(self, name: str, overrides: Overrides, hopeless: Hopeless) -> Result | None:
        """Run a trial, unless there is an experiment of its name and parameters.

        Args:
            name: Of the experiment.
            overrides: Of params.yaml.
            hopeless: Asked after each epoch.

        Returns:
            Its mean over folds, out of fold, and the curve of its first fold; None where it was
            hopeless, and nothing of it is left.

        Raises:
            DataError: There is an experiment of this name with other parameters.
            TrainingError: It failed; the file of what it printed is named.
        """
        params = with_overrides(self.base, overrides)
        if (found := recorded(name)) is None:
            log = self.folder / f"{name}.log"
            settings = [f"-S{key}={override_text(value)}" for key, value in overrides.items()]
            command = dvc_command("exp", "run", "--temp", "-n", name, *settings)
            with process_group(command, log, self.folder / f"{name}.process") as process:
                ended = self._watch(process, name, params, hopeless)
            found = recorded(name)
            if found is None and ended:
                _forget(name)
                return None
            if found is None:
                raise TrainingError(f"{reason_of(log.read_text(errors='replace'))}; see {log}")
        return _result(found, params)

    def _watch(
        self, process: "Popen[bytes]", name: str, params: Params, hopeless: Hopeless
    ) -> bool:
        """Wait for the end of a trial; whether it became hopeless before.

        The first fold is judged alone: the others have other tiles, and those are easier or harder.
        """
        judged, epochs, alone = 0, params.train.epochs, len(params.train.folds) == 1
        while process.poll() is None:
            for score in _curve(name, params)[judged:]:
                judged += 1
                self.show(f"{name}: epoch {judged}/{epochs}  {WATCHED} {score:.3f}")
                over = (
                    alone and judged == epochs
                )  # what is left to do takes no longer than to end it
                if hopeless(judged, score) and not over:
                    return True
            with suppress(TimeoutExpired):
                process.wait(POLL)
        return False


def recorded(name: str) -> Outputs | None:
    """Outputs of the newest DVC experiment of a name, if there is one."""
    return next((one for one in reversed(experiments()) if one.name == name), None)


def _result(outputs: Outputs, params: Params) -> Result:
    try:
        same = Params.model_validate(outputs.params) == params
    except ValidationError:  # of another version
        same = False
    if not same:
        raise DataError(
            f"there is an experiment {outputs.name} with other parameters; name another study with"
            f" --study, or remove it: dvc exp remove {outputs.name}"
        )
    outputs.check_evaluated()
    curve = outputs.history(params.train.folds[0])[WATCHED]
    inputs = locked_inputs(outputs.lock["evaluate"])["deps"]
    measure = {path: inputs[path] for path in inputs if path.startswith(MEASURE)}
    return Result(float(outputs.summary[DECIDING.name]["mean"]), curve.tolist(), measure)


def _curve(name: str, params: Params) -> list[float]:
    """The score after each epoch of the first fold so far, while a process trains it."""
    title = f"{params.backbone} fold {params.train.folds[0]}"
    with suppress(OSError):  # the training ends, and its state goes, while this looks
        for one in unfinished():
            about = one.about
            if (about.launch.experiment, about.title) == (name, title) and one.owned:
                return [row[WATCHED] for row in one.state.rows]
    return []


def _forget(name: str) -> None:
    """Delete the states of an experiment's trainings: nothing goes on with them."""
    for one in unfinished():
        if one.about.launch.experiment == name:
            one.clear()
