import pytest


@pytest.fixture(autouse=True)
def _prepared(engine: None) -> None:
    """Every test here computes with Keras."""
