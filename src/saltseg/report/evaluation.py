"""What an evaluation says of its own scores, in lines for a terminal."""

from collections.abc import Iterator, Mapping
from typing import Any

from saltseg.scoring.scores import DECIDING, SHORT
from saltseg.tiles.folds.leaks import leak_sentences


def lines(summary: Mapping[str, Any]) -> Iterator[str]:
    """The scores, and how far they can be trusted.

    Args:
        summary: As in metrics/details.json.
    """
    score = summary[DECIDING.name]
    spread = f" ± {score['std']:.3f}" if len(summary["fold"]) > 1 else ""
    others = "".join(f", {one.name} {summary[one.name]['mean']:.3f}" for one in SHORT[1:])
    yield (
        f"{DECIDING.name} {score['mean']:.3f}{spread} "
        f"(no salt anywhere: {summary['empty_map_iou']:.3f}){others}"
    )
    for name, what in (("threshold", "threshold"), ("post_processing", "post-processing")):
        found = summary[name]
        if "cross_fitted" in found:
            yield (
                f"{what} chosen by the other folds: {found['cross_fitted']:.3f}; on the tiles "
                f"themselves: {found['naive']:.3f} (optimism {found['optimism']:+.3f})"
            )
    epochs = summary["checkpoint"]
    others = (
        f", epoch chosen by the other folds {epochs['cross_fitted']:.3f}"
        if "cross_fitted" in epochs
        else ""
    )
    yield (
        f"val_map_iou at network size: best epoch {epochs['best']:.3f}{others}, last epoch "
        f"{epochs['last']:.3f}"
    )
    calibration = summary["calibration"]
    yield f"calibration error {calibration['ece']:.3f}, Brier score {calibration['brier']:.3f}"
    if "holdout" in summary:
        unseen = summary["holdout"]
        scores = ", ".join(f"{one.name} {unseen[one.name]:.3f}" for one in SHORT)
        yield f"hold-out, {unseen['tiles']} tiles, all folds together: {scores}"
    yield from leak_sentences(summary["leak"])
