"""Settings files: YAML without surprises, checked as a whole before anything is made of it."""

from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from yaml.composer import ComposerError
from yaml.constructor import ConstructorError

from saltseg.errors import SaltsegError

# Far above any file of ours: PyYAML takes a second for 100 kB and recurses into every bracket.
_MAX_BYTES = 64 * 2**10
_MAX_DEPTH = 20
_MAX_INTEGER = 2**63
_MAX_COMPLAINTS = 5
_MAX_CHARACTERS = 600

Settings = TypeVar("Settings", bound=BaseModel)


def read_settings(
    path: Path, model: type[Settings], kind: type[SaltsegError], advice: str
) -> Settings:
    """Read and check a settings file.

    Args:
        path: A YAML file.
        model: What it must hold.
        kind: The error to raise.
        advice: What to do about any mistake in the file; ends each message.

    Raises:
        SaltsegError: Of `kind`: the file is missing, is no plain YAML, or a key is unknown, missing
            or out of range.
    """
    try:
        return model.model_validate(_read_yaml(path))
    except OSError as error:
        text = f"cannot be read ({error.strerror})"
    except ValidationError as error:
        text = _describe(error)
    # PyYAML lets through whatever Python's conversions raise (`2001-99-99` is a ValueError, `!!bool
    # x` a KeyError, `!!timestamp x` an AttributeError).
    except Exception as error:
        text = f"not valid YAML ({error})".replace('in "<unicode string>", ', "in ")
    raise kind(f"{path}: {_one_line(text)}{advice}")


def _read_yaml(path: Path) -> Any:
    """The content of a YAML file, made of plain values only."""
    # To open a pipe would wait for ever.
    if path.exists() and not path.is_file():
        raise ValueError("a folder, a pipe or a device; expected a file")
    with path.open("rb") as file:
        content = file.read(_MAX_BYTES + 1)
    if len(content) > _MAX_BYTES:
        raise ValueError(f"expected at most {_MAX_BYTES // 2**10} KiB")
    return yaml.load(content.decode(), _PlainLoader)


class _PlainLoader(yaml.SafeLoader):
    """Safe YAML in which every value stands once, where it is read.

    Left to itself PyYAML takes the last of two equal keys, lets aliases and `<<` multiply a small
    file to any size, and follows nested brackets until Python's stack is full.
    """

    depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Refuse aliases and deep nesting."""
        mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
        if self.check_event(yaml.AliasEvent):
            raise ComposerError(None, None, "write the value out in place of an alias", mark)
        if self.depth == _MAX_DEPTH:
            raise ComposerError(None, None, f"nested more than {_MAX_DEPTH} deep", mark)
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Refuse a key that stands twice."""
        seen = set()
        for key, _ in node.value:
            if (name := str(key.value)) in seen:
                text = f"the key {name} stands twice; keep one of them"
                raise ConstructorError(None, None, text, key.start_mark)
            seen.add(name)
        return super().construct_mapping(node, deep)

    def construct_yaml_int(self, node: yaml.ScalarNode) -> int:
        """Refuse integers that other libraries could not take."""
        number: int = super().construct_yaml_int(node)
        if abs(number) >= _MAX_INTEGER:
            raise ConstructorError(None, None, "the number has too many digits", node.start_mark)
        return number


_PlainLoader.add_constructor("tag:yaml.org,2002:int", _PlainLoader.construct_yaml_int)


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
