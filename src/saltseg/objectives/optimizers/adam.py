"""Adam (Kingma and Ba 2015, arXiv:1412.6980), with the usual moments."""

from saltseg.nets.kernels import Adam as Fused
from saltseg.objectives import Rate
from saltseg.objectives.rates import Slower
from saltseg.params import Train


class Adam(Slower, Fused):
    """Adam in which some variables may learn more slowly."""


def make(options: Train, rate: Rate) -> Adam:
    """Adam at a rate, without weight decay."""
    return Adam(rate, global_clipnorm=options.clip_norm)
