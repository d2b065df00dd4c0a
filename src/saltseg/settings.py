"""Settings files, checked as a whole before anything is made of them."""

from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from saltseg.errors import SaltsegError

_MAX_BYTES = 64 * 2**10
_MAX_COMPLAINTS = 5
_MAX_CHARACTERS = 600

Settings = TypeVar("Settings", bound=BaseModel)


class Strict(BaseModel):
    """A group of settings: unknown keys are refused, values cannot change."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def read_settings(
    path: Path, model: type[Settings], kind: type[SaltsegError], advice: str
) -> Settings:
    """Read and check a settings file.

    Args:
        path: A YAML file; or JSON, which may come from elsewhere and is read as nothing else.
        model: What it must hold.
        kind: The error to raise.
        advice: What to do about any mistake in the file; ends each message.

    Raises:
        SaltsegError: Of `kind`: the file is missing, is no YAML or JSON, or a key is unknown,
            missing or out of range.
    """
    try:
        content = _content(path)
        if path.suffix == ".json":
            return model.model_validate_json(content)
        return model.model_validate(read_yaml(content))
    except OSError as error:
        text = f"cannot be read ({error.strerror})"
    except ValidationError as error:
        text = _describe(error)
    except ValueError as error:
        text = f"not valid YAML ({error})"
    raise kind(f"{path}: {_one_line(text)}{advice}")


def read_yaml(content: bytes) -> Any:
    """YAML 1.2 as DVC reads it (1e-06 is a number, no is a text), made of plain values only.

    Raises:
        ValueError: It is none, or a key stands twice.
    """
    try:
        return YAML(typ="safe", pure=True).load(content.decode())
    # Values that are none, such as the 99th of a month, raise what Python's conversions raise.
    except (YAMLError, AttributeError, LookupError, RecursionError) as error:
        raise ValueError(str(error).replace('in "<unicode string>", ', "in ")) from None


def _content(path: Path) -> bytes:
    # To open a pipe would wait for ever.
    if path.exists() and not path.is_file():
        raise ValueError("a folder, a pipe or a device; expected a file")
    with path.open("rb") as file:
        content = file.read(_MAX_BYTES + 1)
    if len(content) > _MAX_BYTES:
        raise ValueError(f"expected at most {_MAX_BYTES // 2**10} KiB")
    return content


def _describe(error: ValidationError) -> str:
    """The complaints of a validation, each with its dotted key."""
    complaints = []
    for item in error.errors():
        key = ".".join(str(part) for part in item["loc"])
        text = item["msg"].removeprefix("Value error, ")
        if item["type"] == "extra_forbidden":
            text = "unknown key; remove it or mend its spelling"
        complaints.append(f"{key}: {text}" if key else text)
    if len(complaints) > _MAX_COMPLAINTS:
        complaints[_MAX_COMPLAINTS:] = [f"and {len(complaints) - _MAX_COMPLAINTS} more"]
    return "; ".join(complaints)


def _one_line(text: str) -> str:
    """Text that may quote the file, without line breaks and terminal commands."""
    plain = "".join(c if c.isprintable() else "?" for c in " ".join(text.split()))
    return plain if len(plain) <= _MAX_CHARACTERS else f"{plain[:_MAX_CHARACTERS]}..."
