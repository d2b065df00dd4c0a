"""Trainings that are stopped, damaged or run wild half way, in one process."""

from io import StringIO
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest

from saltseg.backbones import backbone_row
from saltseg.errors import TrainingError
from saltseg.nets.unet import build_unet
from saltseg.params import Params
from saltseg.training.fit import train_fold
from saltseg.training.fold_data import FoldData
from saltseg.training.states import States, write_state
from tests.conftest import Changed
from tests.training.conftest import SIDE, SMALL
from tests.training.test_fit import loaded


def test_too_high_a_learning_rate_is_told(
    eager: None, data: FoldData, small: Params, tmp_path: Path
) -> None:
    train = small.train.model_copy(update={"learning_rate": 1e30})
    wild = small.model_copy(update={"train": train})
    with pytest.raises(TrainingError) as caught:
        train_fold(data, wild, "wild", States(tmp_path))
    message = str(caught.value)
    assert "not finite in epoch 1, batch " in message
    assert "learning rate 1e+30; lower train.learning_rate" in message
    assert "\n" not in message


class Lost(keras.callbacks.Callback):
    """Makes the training fail, or its weights no numbers, when an epoch begins."""

    def __init__(self, epoch: int, *, nan: bool = False) -> None:
        super().__init__()
        self._epoch, self._nan = epoch, nan

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        if epoch + 1 != self._epoch:
            return
        if not self._nan:
            raise KeyboardInterrupt
        self.model.set_weights([value * np.nan for value in self.model.get_weights()])


@pytest.mark.slow
@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize(
    "options",
    [
        {"train.precision": "float32"},
        {
            "train.precision": "mixed_bfloat16",
            "train.second_loss": "lovasz",
            "train.optimizer": "adamw",
            "train.schedule": "cosine",
            "train.cosine.cycles": 2,
            "train.augment.mix": 0.5,
            "train.clip_norm": 1.0,
            "train.average": 0.8,
            "train.frozen_epochs": 1,
            "train.encoder_rate": 0.5,
        },
        {
            "train.precision": "mixed_float16",
            "train.second_loss": "focal",
            "train.optimizer": "sgd",
            "train.average": 0.8,
            "model.decoder": "residual",
            "model.attention": "scse",
            "model.hypercolumn": True,
            "model.salt_head": True,
            "model.deep_supervision": True,
        },
    ],
    ids=lambda options: options["train.precision"],
)
def test_stopped_training_gives_what_it_had_given_anyway(
    data: FoldData,
    changed: Changed,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    options: dict[str, Any],
) -> None:
    """Stopped in epochs 2 and 3; the network has dropout, so its seeds must go on too.

    A second loss takes over after epoch 2.
    """
    params = changed({**SMALL, "train.epochs": 3, **options})
    whole = train_fold(data, params, "plain", States(tmp_path / "whole"))
    for epoch in (2, 3):
        with pytest.raises(KeyboardInterrupt):
            train_fold(data, params, "plain", States(tmp_path / "torn"), watchers=[Lost(epoch)])
    torn = train_fold(data, params, "plain", States(tmp_path / "torn"))
    assert "plain: goes on after epoch 2" in capsys.readouterr().out
    again = train_fold(data, params, "plain", States(tmp_path / "torn"))
    assert whole.history["loss"].nunique() == 3
    for result in (torn, again):
        pd.testing.assert_frame_equal(result.history, whole.history, check_exact=True)
        for name, predicted in whole.predictions.items():
            np.testing.assert_array_equal(result.predictions[name], predicted)
        for ours, theirs in zip(
            result.network.get_weights(), whole.network.get_weights(), strict=True
        ):
            np.testing.assert_array_equal(ours, theirs)


class Terminal(StringIO):
    """Notes what it is told to show."""

    def isatty(self) -> bool:
        return True


@pytest.mark.usefixtures("eager")
def test_a_terminal_is_left_as_it_was(
    data: FoldData, small: Params, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bar hides the cursor while it is there."""
    terminal = Terminal()
    with monkeypatch.context() as patched:
        patched.setattr("sys.stdout", terminal)
        with pytest.raises(KeyboardInterrupt):
            train_fold(data, small, "plain", States(tmp_path), watchers=[Lost(2)])
    hidden, shown = "\x1b[?25l", "\x1b[?25h"
    assert -1 < terminal.getvalue().rfind(hidden) < terminal.getvalue().rfind(shown)


@pytest.mark.slow
@pytest.mark.usefixtures("eager")
def test_damaged_state_begins_anew(
    data: FoldData, small: Params, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    params = small.model_copy(update={"train": small.train.model_copy(update={"epochs": 1})})
    whole = train_fold(data, params, "plain", States(tmp_path))
    file = tmp_path / "0001.npz"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    anew = train_fold(data, params, "plain", States(tmp_path))
    printed = capsys.readouterr().out
    assert f"cannot go on from a damaged state ({file}: " in printed
    assert "starting from the beginning" in printed
    np.testing.assert_array_equal(anew.predictions["oof.npy"], whole.predictions["oof.npy"])


@pytest.mark.usefixtures("eager")
def test_a_damaged_best_state_begins_anew(
    data: FoldData, small: Params, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    params = small.model_copy(update={"train": small.train.model_copy(update={"epochs": 1})})
    train_fold(data, params, "plain", States(tmp_path))
    # As if the second epoch had been worse than the first.
    state = States(tmp_path).last()
    (tmp_path / "0002.npz").write_bytes((tmp_path / "0001.npz").read_bytes())
    (tmp_path / "0001.npz").write_text("damaged")
    rows = 2 * state.rows
    write_state(tmp_path / "state.json", state.model_copy(update={"epoch": 2, "rows": rows}))
    again = train_fold(data, params, "plain", States(tmp_path))
    assert f"cannot go on from a damaged state ({tmp_path / '0001.npz'}" in capsys.readouterr().out
    assert len(again.history) == 1


class Wild(keras.callbacks.Callback):
    """Makes the weights no numbers with the last batch of an epoch."""

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        if batch + 1 == self.params["steps"]:
            self.model.set_weights([value * np.nan for value in self.model.get_weights()])


@pytest.mark.usefixtures("eager")
def test_an_epoch_whose_last_step_is_no_number_is_never_the_best(
    data: FoldData, small: Params, tmp_path: Path
) -> None:
    states = States(tmp_path)
    with pytest.raises(TrainingError) as caught:
        train_fold(data, small, "plain", states, watchers=[Wild()])
    assert "val_loss is not finite after epoch 1, batch " in str(caught.value)
    assert str(caught.value).endswith("no epoch was finished")
    assert states.last().epoch == 0


@pytest.mark.usefixtures("eager")
def test_best_weights_so_far_survive_a_loss_that_is_no_number(
    data: FoldData, small: Params, tmp_path: Path
) -> None:
    states = States(tmp_path)
    with pytest.raises(TrainingError) as caught:
        train_fold(data, small, "plain", states, watchers=[Lost(2, nan=True)])
    kept = tmp_path / "best.weights.h5"
    assert "not finite in epoch 2, batch 1, at learning rate 0.003" in str(caught.value)
    assert str(caught.value).endswith(f"the best weights so far, of epoch 1, are in {kept}")
    after_one = build_unet(backbone_row("plain"), SIDE, 1, small.model)
    after_one.compile(keras.optimizers.Adam())
    states.load(after_one, 1)
    for ours, theirs in zip(
        loaded(kept, small).get_weights(), after_one.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)
