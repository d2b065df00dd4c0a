"""Adam (Kingma and Ba 2015, arXiv:1412.6980), with the usual moments."""

from saltseg.nets.kernels import Adam
from saltseg.objectives import Rate
from saltseg.params import Train


def make(options: Train, rate: Rate) -> Adam:
    """Adam at a rate, without weight decay."""
    return Adam(rate, global_clipnorm=options.clip_norm)
