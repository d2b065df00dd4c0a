"""What an evaluation says of itself."""

from saltseg.report.evaluation import lines

SUMMARY = {
    "map_iou": {"mean": 0.6, "std": 0.02},
    "iou": {"mean": 0.65, "std": 0.01},
    "empty_map_iou": 0.39,
    "fold": {"0": {}, "1": {}},
    "threshold": {"fixed": 0.6, "naive": 0.64, "cross_fitted": 0.61, "optimism": 0.03},
    "post_processing": {"fixed": 0.6, "naive": 0.66, "cross_fitted": 0.62, "optimism": 0.04},
    "checkpoint": {"best": 0.7, "last": 0.5, "cross_fitted": 0.66, "optimism": 0.04},
    "calibration": {"ece": 0.031, "brier": 0.082},
    "leak": {"neighbour": 0.0642, "mosaic": 0.0731, "copy": 0.002},
}


def test_every_number_has_its_place() -> None:
    assert list(lines(SUMMARY)) == [
        "map_iou 0.600 ± 0.020 (no salt anywhere: 0.390), iou 0.650",
        "threshold chosen by the other folds: 0.610; on the tiles themselves: 0.640 "
        "(optimism +0.030)",
        "post-processing chosen by the other folds: 0.620; on the tiles themselves: 0.660 "
        "(optimism +0.040)",
        "val_map_iou at network size: best epoch 0.700, epoch chosen by the other folds 0.660, "
        "last epoch 0.500",
        "calibration error 0.031, Brier score 0.082",
        "6.4% of the tiles touch one of another fold, 7.3% share its mosaic (as far as mosaics "
        "were found), 0.2% are its copy",
    ]


def test_holdout_is_told_where_there_is_one() -> None:
    told = list(lines(SUMMARY | {"holdout": {"tiles": 52, "map_iou": 0.57, "iou": 0.63}}))
    assert "hold-out, 52 tiles, all folds together: map_iou 0.570, iou 0.630" in told


def test_one_fold_has_nothing_that_other_folds_chose() -> None:
    alone = {
        "threshold": {"fixed": 0.6, "naive": 0.64},
        "post_processing": {"fixed": 0.6, "naive": 0.66},
        "checkpoint": {"best": 0.7, "last": 0.5},
        "fold": {"0": {}},
    }
    told = list(lines(SUMMARY | alone))
    assert not any("other folds" in line for line in told)
    assert told[0] == "map_iou 0.600 (no salt anywhere: 0.390), iou 0.650"
    assert "val_map_iou at network size: best epoch 0.700, last epoch 0.500" in told
