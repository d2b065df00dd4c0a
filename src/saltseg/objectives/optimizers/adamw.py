"""Adam with decoupled weight decay (Loshchilov and Hutter 2019, arXiv:1711.05101)."""

from saltseg.nets.kernels import Adam as Fused
from saltseg.objectives import Rate
from saltseg.objectives.averages import Averaged
from saltseg.objectives.rates import Slower
from saltseg.params import Train


class AdamW(Averaged, Slower, Fused):
    """Adam in which some variables may learn more slowly."""


def make(options: Train, rate: Rate) -> AdamW:
    """Adam at a rate, with `train.weight_decay` of kernels alone."""
    optimizer = AdamW(
        rate,
        weight_decay=options.weight_decay,
        global_clipnorm=options.clip_norm,
        use_ema=options.average > 0,
        ema_momentum=options.average,
    )
    optimizer.exclude_from_weight_decay(var_names=["bias", "beta", "gamma"])
    return optimizer
