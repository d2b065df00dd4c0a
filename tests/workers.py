"""Which tests one worker of pytest-xdist runs: `pytest -n 2`.

Marks for `--dist loadgroup` would say it, too, but no pytest since 9.2 heeds them
(https://github.com/pytest-dev/pytest-xdist/issues/1386).
"""

from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
COSTLY = "compared: Project"
"""An argument of tests that look at the same experiments, which take minutes to make."""


@cache
def group(file: str) -> str:
    """Files with a common group go to one worker, each file whole: its fixtures are made once."""
    return COSTLY if COSTLY in (ROOT / file).read_text() else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Divide by groups, in the order of the tests."""
    from xdist.scheduler import LoadScopeScheduling

    class ByGroup(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return group(nodeid.split("::")[0])

    config.option.loadscopereorder = False
    return ByGroup(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The costly group comes first: of the longest work, begun last, the end is waited for."""
    items.sort(key=lambda item: group(item.location[0]) != COSTLY)
