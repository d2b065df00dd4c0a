"""What reports show, for other programs: JSON, or the rows of a table as CSV."""

import dataclasses
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from saltseg.runs.outputs import Outputs
from saltseg.runs.unfinished import Unfinished

Record = Mapping[str, Any]


def as_json(value: Any) -> str:
    """Anything that reports are made of as indented JSON; what is no number is null.

    Args:
        value: Dataclasses, named tuples and pandas' tables and series count as what they hold.
    """
    return json.dumps(_plain(value), indent=2, ensure_ascii=False)


def as_csv(records: Sequence[Record]) -> str:
    """One line per record below their names, values within values by dotted name."""
    rows = [_plain(record) for record in records]
    return pd.json_normalize(rows).to_csv(index=False) if rows else ""


def score_records(found: Sequence[Outputs]) -> list[Record]:
    """Of each that has been evaluated: `experiment`, `backbone`, and all its scores."""
    scored = [outputs for outputs in found if outputs.has("metrics/summary.json")]
    return [
        {"experiment": outputs.name, "backbone": outputs.backbone, **outputs.summary}
        for outputs in scored
    ]


def unfinished_records(trainings: Sequence[Unfinished]) -> list[Record]:
    """Of each training: `title`, `experiment`, `epochs`, `owned`, and the `command` to go on."""
    return [
        {
            "title": one.about.title,
            "experiment": one.about.launch.experiment,
            "epochs": one.epochs,
            "owned": one.owned,
            "command": one.about.launch.command(),
        }
        for one in trainings
    ]


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = dataclasses.fields(value)
        return {field.name: _plain(getattr(value, field.name)) for field in fields}
    if hasattr(value, "_asdict"):
        return _plain(value._asdict())
    if isinstance(value, pd.DataFrame):
        return _plain(value.to_dict("records"))
    if isinstance(value, pd.Series):
        return _plain(value.to_dict())
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if hasattr(value, "item"):  # a number of NumPy
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value
