"""Adam (Kingma and Ba 2015, arXiv:1412.6980), with the usual moments."""

from saltseg.nets.kernels import Adam as Fused
from saltseg.objectives import Rate
from saltseg.objectives.averages import Averaged
from saltseg.objectives.rates import Slower
from saltseg.params import Train


class Adam(Averaged, Slower, Fused):
    """Adam in which some variables may learn more slowly."""


def make(options: Train, rate: Rate) -> Adam:
    """Adam at a rate, without weight decay."""
    return Adam(
        rate,
        global_clipnorm=options.clip_norm,
        use_ema=options.average > 0,
        ema_momentum=options.average,
    )
