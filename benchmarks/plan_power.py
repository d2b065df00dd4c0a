"""Does a plan keep its promise? Cross-validations of a cheap learner whose truth is known.

    python -m benchmarks.plan_power

Surveys of 200 tiles are drawn, and two learners (nearest centroid, each on six features of its own)
are cross-validated on each, in one division or several. `saltseg plan` gets the spread of fold
differences of one division into five folds, and a rope at which it promises 80 % power; the table
has the share of surveys on which the verdict decides. Learners are steady (what they score depends
on their tiles alone) or moody (of the six features a fold's training sees three, at random, as a
network's training has its own luck).
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from saltseg.comparison.posterior import fit_posterior
from saltseg.comparison.trial import POWER, Trial

TILES, CLUES = 200, 6
TRUTH = np.arange(TILES) % 2

Floats = NDArray[np.float64]


def fold_differences(
    random: np.random.Generator,
    surveys: int,
    strengths: tuple[float, float],
    splits: int,
    divisions: int,
    moody: bool = False,
) -> Floats:
    """Differences of two learners' shares of tiles told rightly, (surveys, folds).

    Args:
        random: Draws everything.
        surveys: How many.
        strengths: By how much each learner's features differ between the two classes.
        splits: Folds of a division, stratified.
        divisions: Of the same tiles.
        moody: Whether each training sees three features of the six.
    """
    clues = [
        random.normal(size=(surveys, TILES, CLUES)) + strength * TRUTH[:, None]
        for strength in strengths
    ]
    found = []
    for _ in range(divisions):
        folds = _divided(random, surveys, splits)
        for fold in range(splits):
            test = folds == fold
            one, other = (_right(random, own, test, moody) for own in clues)
            found.append(((one - other) * test).sum(axis=1) / test.sum(axis=1))
    return np.stack(found, axis=1)


def _divided(random: np.random.Generator, surveys: int, splits: int) -> NDArray[np.int64]:
    """The fold of each tile, (surveys, TILES)."""
    folds = np.empty((surveys, TILES), int)
    for label in (0, 1):
        own = np.flatnonzero(label == TRUTH)
        folds[:, own] = random.random((surveys, len(own))).argsort(axis=1) % splits
    return folds


def _right(
    random: np.random.Generator, clues: Floats, test: NDArray[np.bool_], moody: bool
) -> NDArray[np.int64]:
    """Whether each tile lies nearer to its own class's centroid, (surveys, TILES)."""
    weights = [(~test & (label == TRUTH)).astype(float) for label in (0, 1)]
    zero, one = (np.einsum("st,stc->sc", own, clues) / own.sum(axis=1)[:, None] for own in weights)
    seen = random.random(zero.shape).argsort(axis=1) < CLUES // 2 if moody else True
    towards = (one - zero) * seen
    score = np.einsum("stc,sc->st", clues, towards)
    return ((score > ((one + zero) / 2 * towards).sum(axis=1)[:, None]) == TRUTH).astype(int)


def decided(differences: Floats, trial: Trial) -> tuple[float, float]:
    """Shares of surveys on which the first is called better, and both practically equal."""
    posteriors = [fit_posterior(own, 1 / (trial.splits - 1)) for own in differences]
    chances = [one.chances(trial.rope) for one in posteriors if one]
    better = sum(one.first >= (1 + trial.level) / 2 for one in chances)
    equal = sum(one.equal >= trial.level for one in chances)
    return better / len(posteriors), equal / len(posteriors)


def spread_of(differences: Floats) -> float:
    """Standard deviation of fold differences, as the mean of many surveys has it."""
    return float(np.sqrt(differences.var(axis=1, ddof=1).mean()))


def rope_for(promise: Callable[[Trial], float], trial: Trial) -> Trial:
    """The trial with a rope at which it promises `POWER` of practical equality."""
    low, high = 0.0, 1.0
    for _ in range(30):
        middle = (low + high) / 2
        enough = promise(replace(trial, rope=middle)) >= POWER
        low, high = (low, middle) if enough else (middle, high)
    return replace(trial, rope=high)


def kept(
    random: np.random.Generator, surveys: int, splits: int, divisions: int, moody: bool
) -> tuple[float, float]:
    """Shares of surveys on which a plan that promises `POWER` decides: better, and equal."""
    unlike, alike, folds = (0.8, 0.1), (0.4, 0.4), splits * divisions
    seen = Trial(spread_of(fold_differences(random, surveys, unlike, 5, 1, moody)), 5, rope=0.0)
    found = fold_differences(random, surveys, unlike, splits, divisions, moody)
    trial = seen.at(splits)
    # What lies beyond the rope is what the plan promises to tell.
    better, _ = decided(found, replace(trial, rope=float(found.mean()) - trial.least(folds)))
    seen = Trial(spread_of(fold_differences(random, surveys, alike, 5, 1, moody)), 5)
    trial = rope_for(lambda one: one.equal(folds), seen.at(splits))
    _, equal = decided(fold_differences(random, surveys, alike, splits, divisions, moody), trial)
    return better, equal


def main() -> None:
    """Print a row for each plan."""
    random = np.random.default_rng(0)
    print(f"promised {POWER:.2f}: better and practically equal, of 1000 surveys")
    for moody in (False, True):
        print("moody" if moody else "steady")
        for splits, divisions in ((5, 1), (5, 4), (5, 10), (10, 1), (10, 4)):
            better, equal = kept(random, 1000, splits, divisions, moody)
            print(f"  {splits:2} folds x {divisions:2} divisions: {better:.2f} {equal:.2f}")


if __name__ == "__main__":
    main()
