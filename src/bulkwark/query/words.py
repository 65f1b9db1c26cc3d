"""A checked tree in words, for people who want to know what their query means."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from bulkwark.query import ast
from bulkwark.query.ast import Node, Wild
from bulkwark.query.fields import Field, Kind

_FOLDED = {
    "sw": "begins with",
    "co": "contains",
    "ew": "ends with",
    "gt": "is after",
    "ge": "is or is after",
    "lt": "is before",
    "le": "is or is before",
    "ca": "has all of",
}


def sentence(node: Node) -> str:
    """What one node says, its children left out."""
    match node:
        case ast.Bool():
            return _bool(node)
        case ast.All():
            return "everything"
        case ast.Nothing():
            return "nothing (no object can match this)"
        case ast.Nested():
            return f"one element of {node.path} for which"
        case ast.Boost():
            return f"counts {node.factor:g} times in the order of hits"
        case ast.Constant():
            return "does not matter in the order of hits" if not node.score else "scores the same for all hits"
        case ast.Best():
            return "at least one of"
        case ast.Demote():
            return "matches the first; what matches the second too comes later"
    return _leaf(node)


def _bool(node: ast.Bool) -> str:
    parts = []
    if node.must:
        parts.append("all of" if len(node.must) > 1 else "this")
    if node.needed:
        parts.append("at least one of" if node.needed == 1 else f"at least {node.needed} of")
    elif node.should:
        parts.append("(better with)")
    if node.must_not:
        parts.append("none of" if parts else "everything but")
    return ", ".join(parts)


def parts(node: Node) -> Iterator[tuple[str, Node]]:
    """The children, each with the part that it plays: must, should, must not, or ''."""
    if isinstance(node, ast.Bool):
        for role, nodes in (("must", node.must), ("should", node.should), ("must not", node.must_not)):
            for child in nodes:
                yield role, child
    else:
        for child in ast.children(node):
            yield "", child


def tree(node: Node, depth: int = 0, role: str = "") -> Iterator[str]:
    """The tree, a line for each node, indented."""
    sign = {"must": "+ ", "must not": "- ", "should": "? "}.get(role, "")
    yield "  " * depth + sign + sentence(node)
    for inner, child in parts(node):
        yield from tree(child, depth + 1, inner)


def fields(node: Node) -> set[str]:
    """The paths of the fields that the tree looks into; `*` for all texts."""
    found = {path for child in ast.children(node) for path in fields(child)}
    field = getattr(node, "field", None)
    if isinstance(field, Field):
        found.add(field.path)
    elif isinstance(node, ast.Has):
        found.add(f"{node.prefix}.*")
    elif hasattr(node, "field"):
        found.add("*")
    return found


def _leaf(node: Node) -> str:
    field = getattr(node, "field", None)
    name = field.path if isinstance(field, Field) else "any text"
    match node:
        case ast.Has():
            return f"{name if field else node.prefix} has a value"
        case ast.Phrase():
            return f"{name} {_phrase(node)}"
        case ast.TokenLike():
            return f"a word of {name} fits {pattern(node.pattern)}"
        case ast.TokenFuzzy():
            return f"a word of {name} is within {_edits(node.distance)} of {node.token!r}"
        case ast.TokenRegex():
            return f"a word of {name} fits the regular expression /{node.pattern}/"
        case ast.Exact():
            return f"{name} is exactly {_one_of(node.values)}"
        case ast.ExactLike():
            case = "without regard to case" if node.folded else "with case"
            return f"the whole {name} fits {pattern(node.pattern)}, {case}"
        case ast.ExactFuzzy():
            return f"the whole {name} is within {_edits(node.distance)} of {node.value!r}"
        case ast.ExactRegex():
            return f"the whole {name} fits the regular expression /{node.pattern}/"
        case ast.Is():
            return f"{name} is {str(node.value).lower()}"
        case ast.Between():
            return f"{name} {_range(node)}"
        case ast.Folded():
            said = _FOLDED.get(node.op, "is")
            return f"{name} {said} {_one_of(node.values)}, without regard to case"
    return type(node).__name__


def _phrase(node: ast.Phrase) -> str:
    text = " ".join(node.tokens)
    if isinstance(node.field, Field) and node.field.kind is Kind.KEYWORD:
        return f"is {text!r}, without regard to case"
    end = ", the last one being the beginning of a word" if node.prefix else ""
    if len(node.tokens) == 1:
        return f"has {'a word that begins with' if node.prefix else 'the word'} {text!r}"
    if node.slop:
        return f"has the words {text!r} within {node.slop} moves{end}"
    return f"has the words {text!r} in a row{end}"


def _range(node: ast.Between) -> str:
    ends = []
    for bound, inclusive, sign in ((node.low, node.low_inclusive, ">"), (node.high, node.high_inclusive, "<")):
        if bound is not None:
            shown = _moment(bound) if isinstance(node.field, Field) and node.field.kind is Kind.DATE else repr(bound)
            ends.append(f"{sign}{'=' if inclusive else ''} {shown}")
    return f"has {'a value' if node.exact else 'one'} {' and '.join(ends)}"


def _moment(ms: object) -> str:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms if isinstance(ms, int) else 0)
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def _edits(count: int) -> str:
    return "one edit" if count == 1 else f"{count} edits"


def _one_of(values: tuple[str, ...]) -> str:
    shown = ", ".join(repr(value) for value in values[:5])
    more = f" and {len(values) - 5} more" if len(values) > 5 else ""
    return shown + more if len(values) == 1 else f"one of {shown}{more}"


def pattern(found: ast.Pattern) -> str:
    """The pattern as it was meant: `fin*`."""
    return "".join(part.value if isinstance(part, Wild) else part for part in found)
