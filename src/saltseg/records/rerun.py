"""What stages gave when they ran anew, compared byte by byte with what dvc.lock recorded."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from saltseg.records.keys import by_name, locked_inputs

Lock = Mapping[str, Any]
"""Stages of a dvc.lock, by name."""

Listing = Callable[[str], Mapping[str, str] | None]
"""Gives the digests of an output folder's files for the folder's digest; None where unknown."""


@dataclass(frozen=True)
class StageRerun:
    """A stage that ran anew.

    Attributes:
        stage: Its name, for instance `train@resnet50-0`.
        outputs: Paths of its outputs.
        differing: What is not as recorded, for people to read: an output, with the files that
            differ where it is a folder, or an input that was changed meanwhile. Nothing where the
            stage gave the very bytes.
        fed_otherwise: Whether what earlier stages handed to it differs, too.
    """

    stage: str
    outputs: tuple[str, ...]
    differing: tuple[str, ...] = ()
    fed_otherwise: bool = False


def compare_locks(
    before: Lock, after: Lock, stages: Iterable[str], listing: Listing
) -> list[StageRerun]:
    """Compare what stages gave twice.

    Args:
        before: What was recorded before.
        after: What is recorded now.
        stages: The stages to compare.
        listing: What is known of output folders.

    Returns:
        One for each of the stages, in their order.
    """
    made = {path for lock in (before, after) for stage in lock.values() for path in _outs(stage)}
    return [
        _compare(name, before.get(name), after.get(name), made, listing)
        for name in dict.fromkeys(stages)
    ]


def is_made(path: str, made: Iterable[str]) -> bool:
    """Whether a path is an output, lies in one, or is a folder around some."""
    return any(
        path == out or path.startswith(f"{out}/") or out.startswith(f"{path}/") for out in made
    )


def _compare(
    name: str, before: Lock | None, after: Lock | None, made: set[str], listing: Listing
) -> StageRerun:
    if before is None or after is None:
        missing = "was not recorded before" if before is None else "is not recorded any more"
        return StageRerun(name, tuple(_outs(before or after or {})), (f"the stage {missing}",))
    old, new = _outs(before), _outs(after)
    changed = _inputs_that_differ(before, after)
    differing = [f"input {path}, changed meanwhile" for path in changed if not is_made(path, made)]
    for path in dict.fromkeys((*old, *new)):
        if old.get(path) != new.get(path):
            differing.append(_told(path, old.get(path), new.get(path), listing))
    fed = any(is_made(path, made) for path in changed)
    return StageRerun(name, tuple(new), tuple(differing), fed)


def _told(path: str, old: str | None, new: str | None, listing: Listing) -> str:
    """Say what differs about an output whose digest does."""
    if old is None or new is None:
        return f"{path} ({'only now' if old is None else 'only before'})"
    if not (old.endswith(".dir") and new.endswith(".dir")):
        return path
    before, after = listing(old), listing(new)
    if before is None or after is None:
        return f"{path} (its files of before are not in DVC's cache)"
    names = sorted(before.keys() | after.keys())
    return f"{path}: {', '.join(n for n in names if before.get(n) != after.get(n))}"


def _inputs_that_differ(before: Lock, after: Lock) -> list[str]:
    old, new = (
        by_name(locked_inputs(stage), {"command": stage.get("cmd", "")})
        for stage in (before, after)
    )
    return [name for name in sorted(old.keys() | new.keys()) if old.get(name) != new.get(name)]


def _outs(stage: Lock) -> dict[str, str]:
    return {out["path"]: out["md5"] for out in stage.get("outs", [])}
