"""Commands that use what was trained."""

from pathlib import Path
from typing import Annotated

import typer

from saltseg.cli.app import app, in_project
from saltseg.errors import one_line_errors
from saltseg.inference import defaults
from saltseg.machine import Precision

_Run = Annotated[
    str,
    typer.Option(
        "--run",
        metavar="RUN",
        help="`workspace`, a DVC experiment or commit, a run of MLflow by name, id or backbone, or "
        "a model of its registry (models:/NAME/VERSION).",
    ),
]
_Models = Annotated[
    Path | None,
    typer.Option(help="In place of a run: a folder with fold-0, fold-1, ..., or an ONNX file."),
]
_Threshold = Annotated[
    float | None,
    typer.Option(min=0, max=1, help="Probability above which a pixel is salt; default: the run's."),
]
_Chosen = Annotated[
    bool,
    typer.Option(
        "--chosen", help="Threshold and least sizes of salt that scored best out of fold."
    ),
]
_Flip = Annotated[
    bool,
    typer.Option(
        "--flip", help="Take the mean with the prediction of the mirror image: twice the time."
    ),
]
_Depths = Annotated[
    Path | None,
    typer.Option(help="CSV with id and z, for runs with the channel survey_depth."),
]
_Batch = Annotated[int, typer.Option(min=1, help="Windows in a batch; fewer take less memory.")]


_Inputs = Annotated[
    list[Path],
    typer.Argument(help="Folders, zips of PNG files; .png, .jpg, .tif, .npy, SEG-Y of any size."),
]
_Out = Annotated[
    Path, typer.Option(help="A folder of its own for masks, overlays and coverage.csv.")
]
_Overlap = Annotated[
    float, typer.Option(min=0, max=0.9, help="Share of a window that the next covers, too.")
]
_Probabilities = Annotated[bool, typer.Option("--probabilities", help="Write probabilities, too.")]
_Uncertainty = Annotated[
    bool,
    typer.Option(
        "--uncertainty",
        help="Write how far the networks (with --flip, their mirrored predictions, too) lie apart.",
    ),
]
_Clip = Annotated[
    float, typer.Option(min=50, max=100, help="Percentile at which amplitudes are clipped.")
]
_Stretch = Annotated[
    defaults.Stretch,
    typer.Option(help="Take the clip over the file, a window around each pixel, or the trace."),
]
_Null = Annotated[
    list[str] | None,
    typer.Option(
        metavar="VALUE",
        help="Samples of this value are holes, for instance -999.25, nan, or `none`; may be"
        " repeated; default: what seems to be one.",
    ),
]
_Kind = Annotated[
    bool | None,
    typer.Option(
        "--amplitudes/--grey",
        help="What samples of .npy and SEG-Y files are; default: what they look like.",
    ),
]
_Axes = Annotated[
    str | None,
    typer.Option(help=f"Axes of .npy files in order, by name or letter; default: {defaults.AXES}."),
]
_Iline = Annotated[int, typer.Option(min=1, max=237, help="SEG-Y byte of the inline.")]
_Xline = Annotated[int, typer.Option(min=1, max=237, help="SEG-Y byte of the crossline.")]
_Line = Annotated[
    bool, typer.Option("--line", help="The SEG-Y file is one 2-D line, traces in order.")
]
_Format = Annotated[
    defaults.SampleFormat | None,
    typer.Option(
        "--format",
        help="What the floats of a SEG-Y file are, whatever its header and they themselves say.",
    ),
]
_Precision = Annotated[
    Precision,
    typer.Option(help="What the networks compute in; `saltseg doctor` says what is fast here."),
]
_Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Begin anew: remove what was predicted before.")
]


@app.command()
@in_project
def predict(
    inputs: _Inputs,
    out: _Out,
    run: _Run = "workspace",
    models: _Models = None,
    threshold: _Threshold = None,
    chosen: _Chosen = False,
    flip: _Flip = False,
    overlap: _Overlap = defaults.OVERLAP,
    probabilities: _Probabilities = False,
    uncertainty: _Uncertainty = False,
    depths: _Depths = None,
    clip: _Clip = defaults.CLIP,
    stretch: _Stretch = defaults.STRETCH,
    null: _Null = None,
    kind: _Kind = None,
    axes: _Axes = None,
    iline: _Iline = defaults.ILINE,
    xline: _Xline = defaults.XLINE,
    line: _Line = False,
    format_: _Format = None,
    batch_size: _Batch = defaults.BATCH_SIZE,
    precision: _Precision = "float32",
    overwrite: _Overwrite = False,
) -> None:
    """Find salt in pictures and sections of any size, with the networks of all folds.

    What is larger than a tile is covered with overlapping windows. Stopped, the same command goes
    on where it was. Amplitudes (.npy, SEG-Y) become grey levels, clipped at a percentile, and their
    masks come back in the same geometry.
    """
    with one_line_errors("saltseg predict"):
        from saltseg.inference.grey.tones import Showing, null_values
        from saltseg.inference.job import OutputOptions, choice_of, predict_into
        from saltseg.inference.pictures import PredictOptions
        from saltseg.inference.sections import Reading, open_inputs
        from saltseg.inference.segy.volume import Geometry
        from saltseg.trained import open_model

        showing = Showing(stretch, null_values(null), defaults.KINDS[kind])
        geometry = Geometry(iline, xline, line, format_)
        reading = Reading(clip, geometry, depths, showing, axes)
        options = PredictOptions(flip, overlap, batch_size, uncertainty)
        output = OutputOptions(threshold, chosen, probabilities, overwrite)
        # What can be refused is refused before Keras, which takes seconds to import.
        with open_inputs(inputs, reading) as found, open_model(run, models, precision) as model:
            print(model.facts.origin)
            table = predict_into(out, model, found, options, output)
            used = choice_of(model, output).threshold
        salt = int((table["coverage"] > 0).sum())
        print(
            f"{model.facts.name}, threshold {used:g}: salt in {salt} of {len(table)},"
            f" {out}/coverage.csv"
        )


@app.command()
@in_project
def uncertainty(
    run: Annotated[
        str,
        typer.Argument(
            metavar="[RUN]", help="As for `predict --run`, with a hold-out; default: the workspace."
        ),
    ] = "workspace",
    flip: Annotated[
        bool, typer.Option("--flip", help="As `predict --flip --uncertainty` would see it.")
    ] = False,
    out: Annotated[Path | None, typer.Option(help="Draw the curves, as PNG.")] = None,
    numbers: Annotated[
        Path | None, typer.Option("--json", help="Write the numbers as JSON, too.")
    ] = None,
) -> None:
    """Are uncertain pixels the wrong ones? Error rate of the rest where they are left out.

    On the hold-out of a run (split.holdout), which none of its networks has seen: what `predict
    --uncertainty` writes, beside p (1 - p) of the mean, a random order, and the best one of all.
    """
    with one_line_errors("saltseg uncertainty"):
        from rich.console import Console

        from saltseg.uncertain import judge_run

        judge_run(run, flip, out, numbers, Console())


@app.command()
@in_project
def submit(
    test: Annotated[Path, typer.Argument(help="Folder or zip with the tiles, images/ID.png.")],
    out: Annotated[Path, typer.Option(help="CSV to write: id, rle_mask.")],
    sample: Annotated[
        Path | None,
        typer.Option(help="Gives ids and their order; default: sample_submission.csv beside TEST."),
    ] = None,
    run: _Run = "workspace",
    models: _Models = None,
    threshold: _Threshold = None,
    chosen: _Chosen = False,
    flip: _Flip = False,
    depths: _Depths = None,
    batch_size: _Batch = defaults.BATCH_SIZE,
    precision: _Precision = "float32",
) -> None:
    """Write a submission to the TGS competition; stopped, the same command goes on."""
    with one_line_errors("saltseg submit"):
        from saltseg.inference.job import OutputOptions
        from saltseg.inference.pictures import PredictOptions
        from saltseg.inference.submission import find_sample, write_submission
        from saltseg.trained import open_model

        options, ids = PredictOptions(flip, batch_size=batch_size), sample or find_sample(test)
        with open_model(run, models, precision) as model:
            output = OutputOptions(threshold, chosen)
            print(model.facts.origin)
            salt, tiles = write_submission(out, test, ids, model, options, output, depths)
        order = f"in the order of {ids}" if ids else "sorted by id"
        print(f"{model.facts.name}: salt in {salt} of {tiles} tiles, {order}: {out}")


@app.command()
def score(
    submission: Annotated[Path, typer.Argument(help="CSV with id and rle_mask.")],
    answers: Annotated[Path, typer.Argument(help="CSV with id and rle_mask, the truth.")],
    height: Annotated[int, typer.Option(min=1, max=4096, help="Rows of a tile.")] = 101,
    width: Annotated[int, typer.Option(min=1, max=4096, help="Columns of a tile.")] = 101,
) -> None:
    """Score a submission as the competition does: mean precision over IoU thresholds."""
    with one_line_errors("saltseg score"):
        from saltseg.comparison.submission import score_submission
        from saltseg.scoring.scores import TILE_SCORES

        scores = score_submission(submission, answers, height, width)
        means = (f"{one.name} {scores[one.name].mean():.5f}" for one in TILE_SCORES)
        print(f"{', '.join(means)}, {len(scores)} tiles")


@app.command()
@in_project
def export(
    run: _Run = "workspace",
    models: _Models = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for weights and settings, to copy anywhere.")
    ] = None,
    onnx: Annotated[
        Path | None, typer.Option(help="File for all folds as one ONNX network.")
    ] = None,
) -> None:
    """Take a trained model out of the repository; `--models` of the other commands reads it."""
    with one_line_errors("saltseg export"):
        from saltseg.trained import export_model

        for path in export_model(run, models, out, onnx):
            print(path)


@app.command()
@in_project
def register(
    run: Annotated[
        str,
        typer.Argument(metavar="[RUN]", help="As for `predict --run`; default: the workspace."),
    ] = "workspace",
    force: Annotated[
        bool, typer.Option("--force", help="Make it the champion whatever a comparison says.")
    ] = False,
) -> None:
    """Put a model into MLflow's registry; the best one there has the alias `champion`.

    It takes the champion's place where its mean map_iou is not below the champion's: on the
    hold-out where both have one, else over folds.
    """
    with one_line_errors("saltseg register"):
        from saltseg.trained import model_folder
        from saltseg.training.runtime import import_engine

        with model_folder(run) as folder:
            import_engine()
            from saltseg.tracking.registry import register_model

            done = register_model(run, folder, force)
        print(done.text())
