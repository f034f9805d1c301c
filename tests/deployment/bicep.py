"""Read Bicep files without the compiler: what they declare and give, as values.

The syntax is tree-sitter's; nothing is evaluated. Its grammar, of December 2024, knows no
`extension` line, so that line is blanked.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import tree_sitter_bicep
from tree_sitter import Language, Node, Parser

ROOT = Path(__file__).parents[2]
INFRA = ROOT / "infra"
EXTENSION = re.compile(rb"^extension .*$", re.MULTILINE)
_LANGUAGE = Language(tree_sitter_bicep.language())


class Expression(str):
    """A value that is computed: its source."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """`required`: it has no default and may not be null."""

    required: bool
    described: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A resource or module, behind its condition and loop. `kind`: its type, or its file."""

    kind: str
    existing: bool
    body: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bicep:
    """One file. `errors`: the lines that do not parse. `uses`: the names that expressions use."""

    errors: list[int]
    uses: set[str]
    parameters: dict[str, Parameter] = field(default_factory=dict)
    variables: dict[str, Any] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)
    modules: dict[str, Resource] = field(default_factory=dict)
    resources: dict[str, Resource] = field(default_factory=dict)


@cache
def read(path: Path) -> Bicep:
    """Return the file at `path`; one that does not parse has `errors` and no more."""
    source = EXTENSION.sub(lambda found: b" " * len(found[0]), path.read_bytes())
    root = Parser(_LANGUAGE).parse(source).root_node
    nodes = list(_walk(root))
    errors = [node.start_point[0] + 1 for node in nodes if node.is_error or node.is_missing]
    found = Bicep(errors=errors, uses=set(_uses(nodes)))
    if not errors:
        _declare(root, found)
    return found


def _declare(root: Node, found: Bicep) -> None:
    described = False
    for node in root.named_children:
        match node.type:
            case "decorators":
                described = "@description(" in _text(node)
                continue
            case "parameter_declaration":
                optional = "=" in _text(node) or _text(node).endswith("?")
                found.parameters[_name(node)] = Parameter(
                    required=not optional, described=described
                )
            case "variable_declaration":
                found.variables[_name(node)] = _value(node.named_children[-1])
            case "output_declaration":
                found.outputs[_name(node)] = _value(node.named_children[-1])
            case "module_declaration":
                found.modules[_name(node)] = _resource(node)
        described = False
    for node in _walk(root):
        if node.type == "resource_declaration":
            found.resources[_name(node)] = _resource(node)


def _uses(nodes: list[Node]) -> set[str]:
    """Return what is used by name, without functions and what a loop or a lambda names itself."""
    named, local = set(), set()
    for node in nodes:
        first = node.named_children[0] if node.named_children else None
        match node.type:
            case "for_statement" | "lambda_expression" if first is not None:
                local |= {_text(one) for one in _walk(first) if not one.children}
            case "identifier" if not _is_label(node):
                named.add(_text(node))
    return named - local


def _is_label(node: Node) -> bool:
    """Whether an identifier names what stands there: a declaration, a property or a function."""
    around = node.parent
    assert around is not None
    labelled = around.type.endswith("_declaration") or around.type in (
        "object_property",
        "call_expression",
    )
    return labelled and around.named_children[0] == node


def _resource(node: Node) -> Resource:
    body = _value(node.named_children[-1])
    assert isinstance(body, dict)
    return Resource(
        kind=str(_value(node.named_children[1])),
        existing=any(_text(child) == "existing" for child in node.children),
        body=body,
    )


def _value(node: Node) -> Any:
    match node.type:
        case "for_statement" | "if_statement":
            return _value(node.named_children[-1])
        case "object":
            return {
                _text(pair.named_children[0]).strip("'"): _value(pair.named_children[-1])
                for pair in node.named_children
                if pair.type == "object_property" and len(pair.named_children) == 2
            }
        case "array":
            return [_value(one) for one in node.named_children if one.type != "comment"]
        case "boolean":
            return _text(node) == "true"
        case "number":
            return int(_text(node))
        case "string" if all(one.type == "string_content" for one in node.named_children):
            return _text(node).strip("'")
        case _:
            return Expression(_text(node))


def _name(node: Node) -> str:
    return _text(node.named_children[0])


def _text(node: Node) -> str:
    assert node.text is not None
    return node.text.decode()


def _walk(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from _walk(child)
