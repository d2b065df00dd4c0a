"""Which encoder finds salt in seismic tiles? A pipeline that answers it reproducibly.

From Python, what was trained finds salt in pictures:

    model = saltseg.load("workspace")
    salt = model.mask(model.predict(images))  # (N, H, W) uint8, 1 = salt
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from saltseg.inference.grey.amplitudes import grey_levels
    from saltseg.trained import load

__all__ = ["grey_levels", "load"]

_HOMES = {"grey_levels": "saltseg.inference.grey.amplitudes", "load": "saltseg.trained"}


def __getattr__(name: str) -> Any:
    # Stages import this package too, and shall not pay for what they do not need.
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
