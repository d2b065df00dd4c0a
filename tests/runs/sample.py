"""What a pipeline of two folds leaves, written by hand and as small as it gets."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from fsspec.implementations.dirfs import DirFileSystem

from saltseg.params import Params
from saltseg.runs.outputs import Outputs
from saltseg.runs.provenance import Origin
from saltseg.scoring.summary import headline, mean_curves, summarise

WriteOutputs = Callable[..., Outputs]

HONESTY = {
    "leak": {"neighbour": 0.25, "mosaic": 0.5},
    "calibration": {"ece": 0.03, "brier": 0.08},
    "threshold": {"fixed": 0.6, "naive": 0.64, "cross_fitted": 0.61, "optimism": 0.03},
    "checkpoint": {"best": 0.7, "last": 0.6},
    "holdout": {"map_iou": 0.58, "tiles": 12},
}

EPOCHS = pd.DataFrame(
    {
        "epoch": [1, 2, 3],
        "loss": [1.5, 0.5, 0.4],
        "iou": 0.5,
        "map_iou": 0.5,
        "val_loss": 1.0,
        "val_iou": 0.5,
        "val_map_iou": [0.4, 0.7, 0.6],
        "learning_rate": [0.1, 0.1, 0.05],
    }
)


def writer(parent: Path, params: Params, mlflow_experiment: str) -> WriteOutputs:
    """Makes a function that writes outputs below `parent`."""

    def write(
        experiment: str | None = None,
        code: str = "c0",
        shift: float = 0.0,
        score: float = 0.5,
        **evaluate: Any,
    ) -> Outputs:
        folder = parent / f"outputs-{len(list(parent.iterdir()))}"
        tree = params.model_dump()
        tree["train"]["folds"] = [0, 1]
        tree["evaluate"] |= evaluate
        tree["tracking"]["experiment"] = mlflow_experiment
        (folder / "metrics").mkdir(parents=True)
        (folder / "params.yaml").write_text(yaml.safe_dump(tree))
        histories = []
        for fold in (0, 1):
            history = EPOCHS.assign(loss=EPOCHS["loss"] + shift + 0.1 * fold)
            out = folder / f"models/{params.backbone}/fold-{fold}"
            out.mkdir(parents=True)
            history.to_csv(out / "history.csv", index=False)
            (out / "engine.json").write_text(json.dumps({"engine": "tensorflow"}))
            histories.append(history.assign(fold=fold))
        write_metrics(folder / "metrics", pd.concat(histories), score)
        results = {
            f"metrics/{path.name}": hashlib.md5(
                path.read_bytes(), usedforsecurity=False
            ).hexdigest()
            for path in sorted((folder / "metrics").iterdir())
        }
        lock = {"schema": "2.0", "stages": stages(params.backbone, code, results, tree)}
        (folder / "dvc.lock").write_text(yaml.safe_dump(lock))
        origin = Origin("f00d", experiment)
        return Outputs(experiment or "workspace", origin, DirFileSystem(str(folder)))

    return write


def write_metrics(folder: Path, curves: pd.DataFrame, score: float = 0.5) -> None:
    tiles = pd.DataFrame(
        {
            "id": ["a", "b", "c", "d"],
            "fold": [0, 0, 1, 1],
            "coverage_class": [0, 1, 0, 1],
            **dict.fromkeys(("tp", "fp", "fn"), 1),
            **dict.fromkeys(("iou", "map_iou", "dice"), score),
        }
    )
    cost = {"parameters": 1000, "gflops": 0.5}
    details = summarise(tiles, cost) | HONESTY
    (folder / "details.json").write_text(json.dumps(details))
    (folder / "summary.json").write_text(json.dumps(headline(details)))
    tiles.to_csv(folder / "tiles.csv", index=False)
    curves.to_csv(folder / "curves_folds.csv", index=False)
    mean_curves(curves).to_csv(folder / "curves.csv", index=False)


def stages(
    backbone: str, code: str, results: dict[str, str], tree: dict[str, Any]
) -> dict[str, Any]:
    """The stages of a dvc.lock."""
    cmd = {"cmd": "python stage.py"}
    asked = {
        "backbone": backbone,
        "train.folds": tree["train"]["folds"],
        "evaluate": tree["evaluate"],
    }
    trained = {
        f"train@{backbone}-{fold}": {
            **cmd,
            "deps": [{"path": "src/loss.py", "md5": f"{code:0>3}"}],
            "params": {"params.yaml": {"train.epochs": tree["train"]["epochs"]}},
        }
        for fold in (0, 1)
    }
    return {
        "acquire": cmd | {"outs": [{"path": "data/survey", "md5": "aaa.dir"}]},
        "split": cmd | {"outs": [{"path": "data/folds.csv", "md5": "bbb"}]},
        **trained,
        "evaluate": {
            **cmd,
            "params": {"params.yaml": asked},
            "outs": [{"path": path, "md5": md5} for path, md5 in results.items()],
        },
    }
