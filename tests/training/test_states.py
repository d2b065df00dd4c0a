"""The state of a training on disk: whole, or refused."""

import contextlib
import os
from pathlib import Path

import keras
import numpy as np
import pytest

from saltseg.training.states import State, States, UnreadableStateError, read_state


def network(units: int = 2) -> keras.Model:
    """A network with dropout, which has seeds among its variables."""
    layers = [keras.layers.Input((3,)), keras.layers.Dropout(0.5), keras.layers.Dense(units)]
    model = keras.Sequential(layers)
    model.compile("adam", "mse", run_eagerly=True)
    return model


def step(model: keras.Model) -> float:
    ones = np.ones((4, 3), np.float32)
    return float(model.train_on_batch(ones, np.ones((4, 2), np.float32)))


@pytest.fixture
def states(tmp_path: Path) -> States:
    """States after epochs 1 and 2, of which the first is the best."""
    states, model = States(tmp_path / "states"), network()
    for epoch in (1, 2):
        step(model)
        states.save(model, State(epoch=epoch, best=1, rows=[{"loss": 0.1}] * epoch))
    return states


def names(states: States) -> list[str]:
    return sorted(path.name for path in states.folder.iterdir())


def test_nothing_saved_is_no_epoch(tmp_path: Path) -> None:
    assert States(tmp_path / "none").last() == State(epoch=0)


def test_last_and_best_are_kept(states: States) -> None:
    assert names(states) == ["0001.npz", "0002.npz", "state.json"]
    states.save(network(), State(epoch=3, best=3))
    assert names(states) == ["0003.npz", "state.json"]
    assert states.last() == State(epoch=3, best=3)


def test_numbers_come_back_exactly(states: States) -> None:
    rows = [{"loss": 0.1 + 0.2, "learning_rate": 1e-6 / 3}]
    counts: dict = {"stopping": {"best": 1 / 3, "wait": 2}, "schedule": {}}
    state = State(epoch=3, best=3, stopped=True, rows=rows, counts=counts)
    states.save(network(), state)
    assert states.last() == state


def test_steps_go_on_as_if_never_stopped(tmp_path: Path) -> None:
    """Weights, optimizer slots and step count, and the seeds of dropout."""
    states, model = States(tmp_path), network()
    step(model)
    states.save(model, State(epoch=1, best=1))
    went_on = [step(model) for _ in range(3)]
    other = network()
    states.load(other, 1)
    assert [step(other) for _ in range(3)] == went_on


@pytest.mark.parametrize("damage", ["torn", "flipped", "missing", "pickled", "text"])
def test_damaged_variables_are_refused(states: States, damage: str) -> None:
    path = states.folder / "0002.npz"
    content = bytearray(path.read_bytes())
    if damage == "torn":
        path.write_bytes(content[: len(content) // 2])
    elif damage == "flipped":
        content[content.index(b"\x93NUMPY") + 130] ^= 1
        path.write_bytes(content)
    elif damage == "missing":
        path.unlink()
    elif damage == "pickled":
        np.savez(path.open("wb"), np.array([os.system], dtype=object))
    else:
        path.write_text("no zip")
    with pytest.raises(UnreadableStateError, match=r"0002\.npz: ") as caught:
        states.load(network(), 2)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["0002.npz", "state.json"])
def test_no_flipped_bit_is_believed(states: States, name: str) -> None:
    """One bit in each of 200 places: refused in one line, or of no consequence."""
    path = states.folder / name
    whole, state = path.read_bytes(), states.last()
    expected = [np.asarray(value) for value in network_of(states).variables]
    for place in np.linspace(0, 8 * len(whole) - 1, 200).astype(int):
        content = bytearray(whole)
        content[place // 8] ^= 1 << (place % 8)
        path.write_bytes(content)
        if name == "state.json":
            with contextlib.suppress(ValueError):
                assert read_state(path) == state
            continue
        with contextlib.suppress(UnreadableStateError):
            for value, other in zip(network_of(states).variables, expected, strict=True):
                np.testing.assert_array_equal(value, other)


def network_of(states: States) -> keras.Model:
    model = network()
    states.load(model, 2)
    return model


def test_state_of_another_network_is_refused(states: States) -> None:
    with pytest.raises(UnreadableStateError):
        states.load(network(units=5), 2)


@pytest.mark.parametrize("content", [b"", b"{", b'{"epoch": -1, "best": 1}', b"\xff\xfe", b"[1]"])
def test_damaged_summary_begins_anew_and_says_so(
    states: States, content: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    (states.folder / "state.json").write_bytes(content)
    assert states.last() == State()
    assert "damaged state" in capsys.readouterr().out
    assert names(states) == []


def test_killed_while_saving_leaves_the_epoch_before(
    states: States, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("saltseg.training.states.write_whole", killed)
    with pytest.raises(KeyboardInterrupt):
        states.save(network(), State(epoch=3, best=3))
    assert states.last().epoch == 2
    states.load(network(), 2)
    states.load(network(), 1)
