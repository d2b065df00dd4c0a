"""What a search may try: the space file, checked against params.yaml before anything runs."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, PlainValidator, StrictFloat, StrictInt, model_validator

from saltseg.errors import ParameterError
from saltseg.params import Params, with_overrides
from saltseg.runs.commands import leaves, override_text
from saltseg.settings import Strict, read_settings
from saltseg.values import Seed

Overrides = dict[str, Any]
"""Values of parameters by dotted name, as `dvc exp run -S` takes them."""

_DIGITS = 6
"""Significant ones of a number drawn from a range, so that people can read and type it."""

_NOT_SEARCHED = ("dataset", "mosaics.", "split.", "tracking.", "train.folds")
"""With other tiles, or none at all, trials could not be compared."""

EPOCHS = "train.epochs"
"""What trials that are held against each other epoch by epoch must share."""

Number = StrictInt | StrictFloat


class Range(Strict):
    """Numbers from `low` to `high`, both included; whole ones where both are.

    Attributes:
        low: The least.
        high: The largest.
        log: Whether each factor is as likely as any other, not each difference.
        step: Between those that may be drawn, from `low` on; None: 1 of whole numbers, else any.
    """

    low: Number
    high: Number
    log: bool = False
    step: Number | None = None

    @model_validator(mode="after")
    def _holds_numbers(self) -> Self:
        if self.low >= self.high:
            raise ValueError(f"an empty range, {self.low} to {self.high}; low must be below high")
        if self.log and (self.low <= 0 or self.step is not None):
            raise ValueError("log needs a low above 0, and takes no step")
        if self.step is not None and not 0 < self.step <= self.high - self.low:
            raise ValueError(f"step {self.step}: expected above 0, and no more than high - low")
        if self.whole and isinstance(self.step, float):
            raise ValueError(f"step {self.step}: expected a whole number, as low and high are")
        return self

    @property
    def whole(self) -> bool:
        """Whether whole numbers are drawn."""
        return isinstance(self.low, int) and isinstance(self.high, int)

    def value(self, drawn: float) -> float:
        """A drawn number, rounded to what a parameter gets."""
        if self.whole:
            return int(drawn)
        return min(max(float(f"{drawn:.{_DIGITS}g}"), self.low), self.high)

    def examples(self) -> Sequence[float]:
        """Both ends, and one in between, which no end would stand for."""
        step = self.step or (1 if self.whole else 0.382 * (self.high - self.low))
        return self.low, self.high, self.value(self.low + step)


class Choices(Strict):
    """Values to choose from, each of any kind that a parameter takes.

    Attributes:
        values: At least one.
    """

    values: Annotated[list[Any], Field(min_length=1)]

    @property
    def texts(self) -> tuple[str, ...]:
        """What the study calls them: it takes no lists."""
        return tuple(override_text(value) for value in self.values)

    @model_validator(mode="after")
    def _can_be_told_apart(self) -> Self:
        if any(isinstance(value, dict) for value in self.values):
            raise ValueError("a choice is a mapping; name the parameters in it, one by one")
        if len(set(self.texts)) < len(self.values):
            raise ValueError("names a choice twice; name each once")
        return self

    def value(self, drawn: str) -> Any:
        """The one of a text."""
        return self.values[self.texts.index(drawn)]

    def examples(self) -> Sequence[Any]:
        """All of them."""
        return self.values


def _domain(value: Any) -> Range | Choices:
    if isinstance(value, list):
        return Choices(values=value)
    if isinstance(value, dict):
        return Range.model_validate(value)
    raise ValueError("expected a list of choices, or a range: {low: 1, high: 9}")


Domain = Annotated[Range | Choices, PlainValidator(_domain)]


class Space(Strict):
    """A space file.

    Attributes:
        parameters: What is searched, by dotted name: a list of choices, or a range.
        fixed: Other overrides of params.yaml, the same in every trial.
        pruner: What a trial must keep up with, epoch by epoch: the median of those before it, or
            the best of those that had as many epochs (Hyperband; Li 2018,
            https://arxiv.org/abs/1603.06560).
        startup: The first trials: drawn at random, and never pruned by the median.
        seed: Another draws other trials.
    """

    parameters: Annotated[dict[str, Domain], Field(min_length=1)]
    fixed: Annotated[dict[str, Any], AfterValidator(leaves), Field(default_factory=dict)]
    pruner: Literal["median", "hyperband", "none"] = "median"
    startup: Annotated[int, Field(ge=1)] = 5
    seed: Seed = 1337

    def overrides(self, drawn: Mapping[str, Any]) -> Overrides:
        """What is fixed, and what was drawn by name, as values of parameters."""
        return self.fixed | {name: self.parameters[name].value(drawn[name]) for name in drawn}

    def texts(self, drawn: Mapping[str, Any]) -> dict[str, str]:
        """What was drawn, as `dvc exp run -S` takes it."""
        return {name: override_text(self.parameters[name].value(drawn[name])) for name in drawn}


def read_space(path: Path, params: Params) -> tuple[Space, Params]:
    """Read a space file, and make sure that every value in it may stand in params.yaml.

    Args:
        path: A YAML file.
        params: Those of params.yaml.

    Returns:
        The space, and the parameters with what it fixes.

    Raises:
        ParameterError: The file is damaged; a parameter is unknown, or its values are refused; or
            no tile would be left that no decision sees.
    """
    space = read_settings(path, Space, ParameterError, advice="")
    try:
        base = with_overrides(params, space.fixed)
        for name, domain in space.parameters.items():
            _require_searchable(name, space)
            for value in domain.examples():
                with_overrides(base, {name: value})
        if EPOCHS in space.parameters and space.pruner != "none":
            raise ParameterError(
                f"{EPOCHS}: a longer trial is behind a shorter one at each epoch, so pruning would"
                " end it; fix it, or say `pruner: none`"
            )
    except ParameterError as error:
        raise ParameterError(f"{path}: {error}") from None
    _require_holdout(path, base)
    return space, base


def _require_searchable(name: str, space: Space) -> None:
    if name in space.fixed:
        raise ParameterError(f"{name}: both searched and fixed; remove one of the two")
    if name.startswith(_NOT_SEARCHED):
        raise ParameterError(f"{name}: trials that differ in it cannot be compared; fix it instead")


def _require_holdout(path: Path, base: Params) -> None:
    wanted = []
    if not base.split.holdout:
        wanted.append("split.holdout: 0.1")
    if base.split.strategy != "grouped":
        wanted.append("split.strategy: grouped")
    if wanted:
        needed = ", ".join(wanted)
        raise ParameterError(
            f"{path}: a search needs tiles, of mosaics of their own, that no decision sees; write"
            f" `fixed: {{{needed}}}` there, or the same into params.yaml"
        )
