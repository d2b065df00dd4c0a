"""Output for terminals and pipes of any encoding."""

import codecs
import io
import sys

_PLAIN = {"−": "-", "–": "-", "±": "+-", "…": "..."}


def print_anywhere() -> None:
    """Print in ASCII what the encoding of stdout or stderr lacks; Python would give up there."""
    codecs.register_error("saltseg.plain", _plain)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="saltseg.plain")


def _plain(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeEncodeError)
    lost = error.object[error.start : error.end]
    return "".join(_PLAIN.get(character, "?") for character in lost), error.end
