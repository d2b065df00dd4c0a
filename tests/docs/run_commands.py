"""Runs the commands of README and docs/commands.md as they stand, in order, in a fresh clone.

`python -m tests.docs.run_commands [FOLDER]` keeps the clone in FOLDER, and prints each command,
what it printed where it failed, and at the end what was left out and why. What cannot run is marked
above its block in the Markdown, where readers do not see it:

    <!-- not run: WHY -->                   the block
    <!-- not run `BEGIN OF LINES`: WHY -->  lines of it that begin so

The clone's committed parameters are tiny, and what it calls resnet50 and vgg16 are small networks.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from tests.inference.sample import png
from tests.pipeline.projects import ROOT

PAGES = ("README.md", "docs/commands.md")
SECONDS = 1800
"""The longest that a command may take."""

_BLOCK = re.compile(r"((?:^<!-- .*? -->\n)*)^```(sh|text)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_MARK = re.compile(r"<!-- not run(?: `(.*?)`)?: (.*?) -->")
_PLACEHOLDER = re.compile(r"(?<![\w$./@-])[A-Z][A-Z]*(?:\.\w+)?(?= |$)")


@dataclass(frozen=True)
class Command:
    """A line of a block.

    Attributes:
        page: Where it stands.
        text: As it stands, without a comment.
        left_out: Why it is not run; empty where it is.
    """

    page: str
    text: str
    left_out: str = ""


def commands(page: str) -> Iterator[Command]:
    """Lines of the `sh` blocks of a page, and those behind a `$` in `text` blocks, in order."""
    for marks, kind, block in _BLOCK.findall((ROOT / page).read_text()):
        for line in block.replace("\\\n", " ").splitlines():
            text = re.sub(r"(^|\s+)#.*", "", line.removeprefix("$ "))
            if text and (kind == "sh" or line.startswith("$ ")):
                yield Command(page, text, _left_out(text, marks))


def _left_out(text: str, marks: str) -> str:
    for begin, why in _MARK.findall(marks):
        if text.startswith(begin):
            return str(why)
    if found := _PLACEHOLDER.search(text):
        return f"{found[0]} stands for something"
    return ""


class Clone:
    """A clone of what is committed and what is not yet, and where it came from.

    Attributes:
        origin: What it was cloned from.
        root: Where it is.
    """

    def __init__(self, folder: Path) -> None:
        """Make both below a folder."""
        self.origin, self.root = folder / "origin", folder / "clone"
        listed = _git(ROOT, "ls-files", "-co", "--exclude-standard")
        for name in listed.splitlines():
            if (ROOT / name).exists():
                target = self.origin / name
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, target)
        _make_tiny(self.origin)
        _git(self.origin, "init", "-q", "-b", "main")
        self.publish("start")
        _git(folder, "clone", "-q", str(self.origin), str(self.root))
        for name, value in (("name", "tester"), ("email", "tester@example.org")):
            _git(self.root, "config", f"user.{name}", value)
        (self.root / ".venv").symlink_to(sys.prefix)
        self._shell = folder / "shell"
        self._shell.write_text("")

    def publish(self, message: str) -> None:
        """Commit everything where it was cloned from."""
        _git(self.origin, "add", "-A")
        who = ("-c", "user.name=tester", "-c", "user.email=tester@example.org")
        _git(self.origin, *who, "commit", "-qm", message)

    def run(self, text: str) -> str:
        """Run a line as the next one in a shell that stays open; returns what it printed.

        Raises:
            AssertionError: Its exit code is not 0.
        """
        outer = ("DVC_", "MLFLOW_", "GIT_", "PYTHONPATH", "VIRTUAL_ENV")
        kept = {key: value for key, value in os.environ.items() if not key.startswith(outer)}
        script = f"set -eo pipefail; . {self._shell}\n{text}\nexport -p > {self._shell}"
        # A file, not a pipe: the workers of a queue would keep a pipe open until they end.
        with tempfile.TemporaryFile("w+") as printed:
            code = subprocess.run(
                ["bash", "-c", script],
                cwd=self.root,
                env=kept,
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=subprocess.STDOUT,
                timeout=SECONDS,
                check=False,
            ).returncode
            printed.seek(0)
            told = printed.read()
        assert code == 0, f"{text}\n{told}"
        return told


def _git(folder: Path, *words: str) -> str:
    done = subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout


def _make_tiny(root: Path) -> None:
    """One epoch, two folds, 40 tiles; small networks by the names of large ones."""
    for name, changes in {
        "params.yaml": {"  epochs: 10\n": "  epochs: 1\n", "folds: [0, 1, 2]": "folds: [0, 1]"},
        "data/synthetic.yaml": {"tiles: 800": "tiles: 40", "unlabelled: 100": "unlabelled: 5"},
    }.items():
        text = (root / name).read_text()
        for old, new in changes.items():
            assert old in text
            text = text.replace(old, new)
        (root / name).write_text(text)
    table = root / "src/saltseg/backbones.yaml"
    rows = yaml.safe_load(table.read_text())
    rows |= {"resnet50": rows["residual16"], "vgg16": rows["plain"]}
    table.write_text(yaml.safe_dump(rows, sort_keys=False))


def _put_kaggle_data(clone: Clone) -> None:
    """Files as of the competition, of the synthetic survey's tiles."""
    from saltseg.tiles.synthetic.survey import read_recipe, synthetic_survey

    survey, _ = synthetic_survey(read_recipe(clone.root / "data/synthetic.yaml"))
    folder = clone.root / "data/tgs"
    folder.mkdir()
    with zipfile.ZipFile(folder / "train.zip", "w") as train:
        for id_, image, mask in zip(survey.tiles["id"], survey.images, survey.masks, strict=True):
            train.writestr(f"images/{id_}.png", png(image))
            train.writestr(f"masks/{id_}.png", png((mask == 1).astype("uint8") * 255))
    with zipfile.ZipFile(folder / "test.zip", "w") as test:
        for id_, image in zip(survey.unlabelled_tiles["id"], survey.unlabelled, strict=True):
            test.writestr(f"images/{id_}.png", png(image))


def _check_that_git_is_clean(clone: Clone) -> None:
    assert _git(clone.root, "status", "--short") == ""


def _demo_again(clone: Clone) -> None:
    _check_that_git_is_clean(clone)
    assert "Running stage" not in clone.run("make demo")


def _publish_more(clone: Clone) -> None:
    """A commit that touches what a run writes, so that a pull into a workspace that ran fails."""
    lock = clone.origin / "dvc.lock"
    lock.write_text(lock.read_text() + "# newer\n")
    clone.publish("newer")


def _check_that_it_is_newer(clone: Clone) -> None:
    assert (clone.root / "dvc.lock").read_text().endswith("# newer\n")


def _wait_for_queue(clone: Clone) -> None:
    deadline = time.monotonic() + SECONDS
    while re.search("Queued|Running", status := clone.run("dvc queue status")):
        assert time.monotonic() < deadline, status
        time.sleep(2)
    clone.run("dvc queue stop --kill")
    assert "Failed" not in status, status


Step = Callable[[Clone], None]
BEFORE: dict[str, Step] = {"dvc add data/tgs": _put_kaggle_data, "git pull": _publish_more}
"""What a person, or the world, does before the first command that begins so."""
AFTER: dict[str, Step] = {
    "make demo": _demo_again,
    "dvc queue start": _wait_for_queue,
    "git pull": _check_that_it_is_newer,
}
"""What must be so behind it."""


def run_pages(folder: Path) -> list[Command]:
    """Run all commands; returns those that were left out.

    Raises:
        AssertionError: A command failed; the text says what it printed.
    """
    clone, left_out, waiting = Clone(folder), [], {**BEFORE}
    for page in PAGES:
        for one in commands(page):
            if one.left_out:
                left_out.append(one)
                continue
            for begin in [begin for begin in waiting if one.text.startswith(begin)]:
                waiting.pop(begin)(clone)
            print(f"{page}: {one.text}", flush=True)
            began = time.monotonic()
            clone.run(one.text)
            print(f"    {time.monotonic() - began:.0f} s", flush=True)
            for begin, step in AFTER.items():
                if one.text.startswith(begin):
                    step(clone)
    assert not waiting
    return left_out


def main(folder: Path) -> None:
    """Run all, and say what was left out."""
    total = sum(1 for page in PAGES for _ in commands(page))
    left_out = run_pages(folder)
    print(f"{total - len(left_out)} of {total} commands ran; left out:")
    for one in left_out:
        print(f"  {one.page}: {one.text}  ({one.left_out})")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as temporary:
            main(Path(temporary))
