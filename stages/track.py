"""Make the MLflow store show what the outputs say.

Reads models/${backbone}, metrics, params.yaml, dvc.lock. Writes to MLflow only: nothing where the
store shows it already.

Example:
    dvc repro
    saltseg track --all  # every experiment, too
"""

from saltseg.root import at_root
from saltseg.runs.revisions import current_outputs
from saltseg.tracking.stamps import stamped


def main() -> None:
    """Run the stage in the current folder."""
    with at_root("track"):
        outputs = current_outputs()
        outputs.check_evaluated()
        if stamped(outputs):
            return
        # MLflow takes seconds to import: only now, when there is something to log.
        from saltseg.tracking.addresses import runs_sentence
        from saltseg.tracking.mirror import mirror

        shown = mirror(outputs)
        print(f"{shown.text()}\n{runs_sentence(shown.experiment)}")


if __name__ == "__main__":
    main()
