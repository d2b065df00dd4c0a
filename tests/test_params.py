"""Parameter files: the committed one loads, and every mistake is told in one line."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from dvc.utils.serialize import modify_yaml

from saltseg.backbones import IGNORED_BY_DVC, BackboneRow, backbone_row, backbone_table
from saltseg.errors import ParameterError
from saltseg.params import Params, load_params

COMMITTED = Path(__file__).parents[1] / "params.yaml"


@pytest.fixture
def tree() -> dict[str, Any]:
    return yaml.safe_load(COMMITTED.read_text())


def refused(path: Path) -> str:
    with pytest.raises(ParameterError) as caught:
        load_params(path)
    message = str(caught.value)
    assert "\n" not in message
    assert str(path) in message
    return message


def test_committed_file_loads(params: Params, tree: dict[str, Any]) -> None:
    assert params.model_dump() == tree


def test_values_cannot_change(params: Params) -> None:
    with pytest.raises(ValueError, match="frozen"):
        params.train.epochs = 3


def test_every_backbone_of_the_table_can_be_chosen(tmp_path: Path, tree: dict[str, Any]) -> None:
    path = tmp_path / "params.yaml"
    for name in backbone_table():
        path.write_text(yaml.safe_dump(tree | {"backbone": name}))
        assert load_params(path).backbone == name


def names(tree: Any) -> set[str]:
    """All keys of a file, at any depth."""
    if isinstance(tree, dict):
        return set(tree).union(*map(names, tree.values()))
    return set().union(*map(names, tree)) if isinstance(tree, list) else set()


@pytest.mark.parametrize("path", ["params.yaml", "src/saltseg/backbones.yaml"])
def test_no_parameter_has_a_name_that_dvc_overlooks(path: str) -> None:
    """Whatever is called so could be changed, and nothing would run: `preprocess.size` once was."""
    found = names(yaml.safe_load((COMMITTED.parent / path).read_text()))
    assert len(found) > 5
    assert not found & IGNORED_BY_DVC


def test_no_backbone_has_an_option_that_dvc_overlooks() -> None:
    row = backbone_row("plain").model_dump()
    with pytest.raises(ValueError, match="nfiles: DVC would not see a change of it"):
        BackboneRow.model_validate(row | {"options": {"nfiles": 3.0}})


def put(group: str, **values: Any) -> Callable[[dict[str, Any]], None]:
    return lambda tree: tree[group].update(values)


MISTAKES: dict[str, tuple[Callable[[dict[str, Any]], object], list[str]]] = {
    "unknown key": (put("train", epoch=3), ["train.epoch", "unknown key"]),
    "unknown group": (lambda tree: tree.update(trains={}), ["trains", "unknown key"]),
    "missing key": (lambda tree: tree["train"].pop("epochs"), ["train.epochs", "required"]),
    "unknown backbone": (
        lambda tree: tree.update(backbone="resnet51"),
        ["backbone", "'resnet51'", *backbone_table()],
    ),
    "side not a multiple of 32": (put("preprocess", side=101), ["preprocess.side", "101", "96"]),
    "side too small": (put("preprocess", side=0), ["preprocess.side", "32"]),
    "side by its old name": (
        lambda tree: tree["preprocess"].update(size=tree["preprocess"].pop("side")),
        ["preprocess", "size is called side now"],
    ),
    "unknown channel": (put("preprocess", channels=["grey"]), ["preprocess.channels.0"]),
    "no channel": (put("preprocess", channels=[]), ["preprocess.channels"]),
    "fold outside": (
        lambda tree: (tree["split"].update(n_splits=3), tree["train"].update(folds=[29, 30])),
        ["train.folds", "[30]", "0..29", "10 divisions into split.n_splits = 3"],
    ),
    "negative fold": (put("train", folds=[-1]), ["train.folds", "[-1]"]),
    "fold twice": (put("train", folds=[1, 1]), ["train.folds", "twice"]),
    "no fold": (put("train", folds=[]), ["train.folds"]),
    "filters not in fours": (
        put("model", decoder_filters=[256, 192, 128, 96, 66]),
        ["model.decoder_filters", "66", "multiple of 4"],
    ),
    "no filters": (
        put("model", decoder_filters=[256, 192, 128, 96, 0]),
        ["model.decoder_filters", "multiple of 4"],
    ),
    "four filters": (put("model", decoder_filters=[8, 8, 8, 8]), ["model.decoder_filters"]),
    "no loss": (put("train", loss="none"), ["train", "none is for second_loss"]),
    "one loss twice": (
        put("train", second_loss="bce_dice"),
        ["train", "second_loss: bce_dice is train.loss already; say none"],
    ),
    "second loss without epochs": (
        put("train", second_loss="lovasz", second_from=0.99),
        ["train", "second_from: 0.99 of 10 epochs leaves one"],
    ),
    "encoder frozen to the end": (
        put("train", frozen_epochs=10),
        ["train", "frozen_epochs: 10 of 10 epochs leaves the encoder none"],
    ),
    "unknown decoder": (put("model", decoder="other"), ["model.decoder", "residual"]),
    "learning rate zero": (put("train", learning_rate=0), ["train.learning_rate"]),
    "threshold one": (put("evaluate", threshold=1), ["evaluate.threshold"]),
    "too many choices": (
        lambda tree: tree["evaluate"]["choices"].update(region=list(range(20)), mask=[*range(20)]),
        ["evaluate.choices", "5200 choices", "at most 2000"],
    ),
    "threads beyond any machine": (put("train", threads=2**40), ["train.threads", "1024"]),
    "name of no letters": (put("model", weights=""), ["model.weights", "1 character"]),
    "name with a line break": (
        lambda tree: tree.update(dataset="data\nsynthetic.yaml"),
        ["dataset", "cannot be printed"],
    ),
    "name with NUL": (put("tracking", experiment="a\0b"), ["tracking.experiment", "printed"]),
    "backbone with a terminal command": (
        lambda tree: tree.update(backbone="\x1b[31mvgg16"),
        ["backbone", "cannot be printed"],
    ),
    "two mistakes": (
        lambda tree: (tree["split"].update(seed=-1), tree["train"].update(epochs=0)),
        ["split.seed", "train.epochs"],
    ),
    "one seed, as it was": (
        lambda tree: tree.update(seed=1337),
        ["seed is two now", "split.seed", "train.seed"],
    ),
}


@pytest.mark.parametrize(("change", "expected"), MISTAKES.values(), ids=MISTAKES)
def test_mistake_is_one_line_that_names_file_and_key(
    tmp_path: Path,
    tree: dict[str, Any],
    change: Callable[[dict[str, Any]], object],
    expected: list[str],
) -> None:
    change(tree)
    path = tmp_path / "params.yaml"
    path.write_text(yaml.safe_dump(tree))
    message = refused(path)
    assert [part for part in expected if part not in message] == [], message


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"train: {folds: [0, 1\nseed: 3", "not valid YAML"),
        (b"seed: \xff\xfe", "not valid YAML"),
        (b"seed: \x00", "not valid YAML"),
        (b"", "dictionary"),
        (b"- 1\n- 2\n", "dictionary"),
        (b"seed: " + b"[" * 5000, "not valid YAML"),
        (b"seed: " + b"9" * 5000, "not valid YAML"),
        (b"seed: 2026-99-99", "not valid YAML"),
    ],
    ids=["broken", "not UTF-8", "NUL byte", "empty", "a list", "deep", "huge number", "no date"],
)
def test_file_that_holds_no_parameters(tmp_path: Path, content: bytes, expected: str) -> None:
    path = tmp_path / "params.yaml"
    path.write_bytes(content)
    assert expected in refused(path)


def test_missing_file(tmp_path: Path) -> None:
    assert "No such file" in refused(tmp_path / "params.yaml")


def test_yaml_runs_no_code(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    path = tmp_path / "params.yaml"
    path.write_text(f"seed: !!python/object/apply:os.mkdir ['{trace}']\n")
    assert "not valid YAML" in refused(path)
    assert not trace.exists()


def test_unknown_row_lists_the_known() -> None:
    with pytest.raises(ValueError, match="unknown backbone 'unet'; known: resnet50, vgg16"):
        backbone_row("unet")


def test_an_override_of_dvc_changes_its_own_line_alone(tmp_path: Path) -> None:
    """`dvc exp run -S` and `dvc exp apply` write the file anew: it stands as DVC would write it."""
    path = tmp_path / "params.yaml"
    before = COMMITTED.read_text()
    path.write_text(before)
    with modify_yaml(str(path)) as tree:
        tree["train"]["epochs"] = 3
    lines = zip(before.splitlines(), path.read_text().splitlines(), strict=True)
    assert [pair for pair in lines if pair[0] != pair[1]] == [("  epochs: 10", "  epochs: 3")]
