"""All that a comparison has found: what the terminal, the page and other programs are shown."""

from collections.abc import Sequence
from dataclasses import dataclass

from saltseg.comparison.matrix import Matrix
from saltseg.comparison.networks import Comparison, Contestant
from saltseg.comparison.spread import Spread
from saltseg.report.tables import Settings, TextTable, matrix_table


@dataclass(frozen=True)
class Findings:
    """What was found.

    Attributes:
        contestants: All networks, the first of which is compared with each of the others.
        comparisons: The results, in the order of the others.
        settings: What differs between the contestants.
        warnings: Why the comparison may mean nothing.
        matrix: Chances of each against each other, where there are more than two.
        chance: Where scores vary, where they differ by chance of training alone.
    """

    contestants: Sequence[Contestant]
    comparisons: Sequence[Comparison]
    settings: Settings = ()
    warnings: Sequence[str] = ()
    matrix: Matrix | None = None
    chance: Spread | None = None

    @property
    def labels(self) -> list[str]:
        """Of the contestants."""
        return [one.label for one in self.contestants]

    @property
    def everyone(self) -> TextTable | None:
        """The matrix as a table."""
        if self.matrix is None:
            return None
        return matrix_table(self.labels, self.matrix, self.comparisons[0].rope)
