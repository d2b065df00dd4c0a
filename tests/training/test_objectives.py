"""Optimizers, schedules and phases, as the parameters name them."""

import keras
import numpy as np
import pytest

from saltseg.objectives import make_optimizer, make_phases
from saltseg.objectives.averages import exchange_averages
from saltseg.values import files_of
from tests.conftest import Changed

OPTIMIZERS = sorted(files_of("objectives/optimizers"))


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_optimizer_finds_the_bottom_of_a_bowl(changed: Changed, name: str) -> None:
    options = changed({"train.optimizer": name, "train.learning_rate": 0.1}).train
    optimizer = make_optimizer(options, steps=100)
    place = keras.Variable(np.array([3.0, -2.0], np.float32))
    for _ in range(100):
        optimizer.apply([2 * place.value], [place])
    assert np.abs(place.numpy()).max() < 0.3


@pytest.mark.parametrize(("name", "decays"), [("adam", False), ("adamw", True), ("sgd", True)])
def test_weights_decay_but_not_what_is_no_kernel(changed: Changed, name: str, decays: bool) -> None:
    overrides = {
        "train.optimizer": name,
        "train.weight_decay": 0.5,
        "train.learning_rate": 0.1,
    }
    optimizer = make_optimizer(changed(overrides).train, steps=10)
    names = ("kernel", "bias", "gamma", "beta")
    variables = [keras.Variable(np.ones(2, np.float32), name=one) for one in names]
    optimizer.apply([np.zeros(2, np.float32) for _ in names], variables)
    kernel, *others = (variable.numpy()[0] for variable in variables)
    assert kernel == pytest.approx(1 - 0.1 * 0.5 if decays else 1)
    assert others == [1, 1, 1]


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_gradients_are_clipped_together(changed: Changed, name: str) -> None:
    """As seen in what they remember of gradients."""
    options = changed({"train.optimizer": name, "train.clip_norm": 1.0}).train
    optimizer = make_optimizer(options, steps=10)
    variables = [keras.Variable(np.zeros(1, np.float32)) for _ in range(2)]
    optimizer.apply([np.array([30.0], "float32"), np.array([40.0], "float32")], variables)
    first, second = (
        abs(variable.numpy()[0]) for variable in optimizer.variables if "momentum" in variable.path
    )
    # Of (30, 40), as if it had been (0.6, 0.8).
    assert first / 0.6 == pytest.approx(second / 0.8, rel=1e-4)
    assert second <= 0.8


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_averages_follow_the_weights_and_change_places_with_them(
    changed: Changed, name: str
) -> None:
    optimizer = make_optimizer(
        changed({"train.optimizer": name, "train.average": 0.75}).train, steps=10
    )
    variable = keras.Variable(np.zeros(2, np.float32))
    weights, average = [], None
    for _ in range(3):
        optimizer.apply([np.ones(2, np.float32)], [variable])
        weights.append(variable.numpy())
        average = weights[-1] if average is None else 0.75 * average + 0.25 * weights[-1]
    optimizer.finalize_variable_values([variable])
    np.testing.assert_array_equal(variable.numpy(), weights[-1])
    exchange_averages(optimizer)
    np.testing.assert_allclose(variable.numpy(), average, rtol=1e-5)
    exchange_averages(optimizer)
    np.testing.assert_array_equal(variable.numpy(), weights[-1])


def test_without_averages_nothing_changes_places(changed: Changed) -> None:
    optimizer = make_optimizer(changed({}).train, steps=10)
    variable = keras.Variable(np.zeros(2, np.float32))
    optimizer.apply([np.ones(2, np.float32)], [variable])
    before = variable.numpy()
    exchange_averages(optimizer)
    np.testing.assert_array_equal(variable.numpy(), before)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_encoder_may_learn_more_slowly(changed: Changed, name: str) -> None:
    overrides = {"train.optimizer": name, "train.encoder_rate": 0.1, "train.weight_decay": 0}
    slow, usual = (keras.Variable(np.zeros(3, np.float32)) for _ in range(2))
    optimizer = make_optimizer(changed(overrides).train, steps=10, encoder=[slow])
    for _ in range(2):
        optimizer.apply([np.ones(3, np.float32), np.ones(3, np.float32)], [slow, usual])
    np.testing.assert_allclose(slow.numpy(), 0.1 * usual.numpy(), rtol=1e-4)
    assert (usual.numpy() < 0).all()


def test_cosine_rises_and_falls_to_zero(changed: Changed) -> None:
    overrides = {
        "train.schedule": "cosine",
        "train.learning_rate": 0.01,
        "train.cosine.warmup": 0.1,
    }
    rate = make_optimizer(changed(overrides).train, steps=200)._learning_rate
    found = [float(rate(step)) for step in (0, 10, 20, 110, 200)]
    assert found == pytest.approx([0, 0.005, 0.01, 0.005, 0], abs=1e-6)


def test_cosine_without_warm_up_begins_at_its_top(changed: Changed) -> None:
    overrides = {"train.schedule": "cosine", "train.learning_rate": 0.01, "train.cosine.warmup": 0}
    rate = make_optimizer(changed(overrides).train, steps=200)._learning_rate
    assert [float(rate(step)) for step in (0, 100, 200)] == pytest.approx([0.01, 0.005, 0])


def test_cosine_rises_and_falls_in_each_cycle(changed: Changed) -> None:
    overrides = {
        "train.schedule": "cosine",
        "train.learning_rate": 0.01,
        "train.cosine.warmup": 0.2,
        "train.cosine.cycles": 3,
    }
    rate = make_optimizer(changed(overrides).train, steps=30)._learning_rate
    found = [float(rate(step)) for step in range(30)]
    assert found[:3] == pytest.approx([0, 0.005, 0.01])
    assert found[:10] == found[10:20] == found[20:]
    assert found[2:10] == sorted(found[2:10], reverse=True)
    assert found[9] < 0.001


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, [("bce_dice", False, 10)]),
        (
            {"second_loss": "lovasz", "second_from": 0.25},
            [("bce_dice", False, 2), ("lovasz", False, 10)],
        ),
        ({"frozen_epochs": 3}, [("bce_dice", True, 3), ("bce_dice", False, 10)]),
        (
            {"second_loss": "lovasz", "frozen_epochs": 2},
            [("bce_dice", True, 2), ("bce_dice", False, 5), ("lovasz", False, 10)],
        ),
        (
            {"second_loss": "lovasz", "frozen_epochs": 7},
            [("bce_dice", True, 5), ("lovasz", True, 7), ("lovasz", False, 10)],
        ),
        (
            {"second_loss": "lovasz", "frozen_epochs": 5},
            [("bce_dice", True, 5), ("lovasz", False, 10)],
        ),
    ],
)
def test_losses_and_frozen_epochs_divide_a_training(
    changed: Changed, options: dict, expected: list
) -> None:
    params = changed({f"train.{name}": value for name, value in options.items()})
    found = [(one.loss.name, one.frozen, one.end) for one in make_phases(params.train)]
    assert found == expected
