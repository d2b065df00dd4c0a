"""What draws trials from a space and what gives them up, in the terms of Optuna."""

import numpy as np
import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from saltseg.params import Params
from saltseg.tune.space import Choices, Domain, Space

UNJUDGED = 0.2
"""Share of the epochs in which the median prunes nothing: the learning rate may still rise."""


def distributions(space: Space) -> dict[str, BaseDistribution]:
    """What each parameter is drawn from, by name."""
    return {name: _distribution(domain) for name, domain in space.parameters.items()}


def sampler(space: Space, trials: int) -> optuna.samplers.BaseSampler:
    """A tree-structured Parzen estimator (Bergstra 2011) for the next trial.

    It is made anew for each: a draw depends on the seed, on its number, and on the trials before
    it, not on when the search was stopped, as it would with one stream of random numbers.

    Args:
        space: The first trials are drawn at random.
        trials: How many there are.
    """
    (seed,) = np.random.SeedSequence([space.seed, trials]).generate_state(1)
    return optuna.samplers.TPESampler(n_startup_trials=space.startup, seed=int(seed))


def pruner(space: Space, base: Params) -> optuna.pruners.BasePruner:
    """What gives up a trial, by its epochs, counted from 1."""
    if space.pruner == "median":
        unjudged = round(UNJUDGED * base.train.epochs)
        return optuna.pruners.MedianPruner(space.startup, n_warmup_steps=unjudged)
    if space.pruner == "hyperband":
        return optuna.pruners.HyperbandPruner(max_resource=base.train.epochs)
    return optuna.pruners.NopPruner()


def _distribution(domain: Domain) -> BaseDistribution:
    if isinstance(domain, Choices):
        return CategoricalDistribution(domain.texts)
    if domain.whole:
        return IntDistribution(int(domain.low), int(domain.high), domain.log, int(domain.step or 1))
    return FloatDistribution(domain.low, domain.high, domain.log, domain.step)
