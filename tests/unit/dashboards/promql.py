"""What the dashboard tests look for in a parsed query."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import promql_parser as promql

if TYPE_CHECKING:
    from collections.abc import Iterator

Parents = tuple[Any, ...]


def selectors(expr: str) -> list[tuple[promql.VectorSelector, Parents]]:
    """Return every selector of a query with the expressions around it, outermost first.

    Raises ``ValueError`` where it is no PromQL.
    """
    return [(node, parents) for node, parents in _walk(promql.parse(expr), ()) if _is_selector(node)]


def labels_asked(expr: str) -> Iterator[tuple[str, str]]:
    """Yield (metric, label) for every matcher, and for every label by which a selector is summed up."""
    for selector, parents in selectors(expr):
        name = str(selector.name)
        yield from ((name, matcher.name) for matcher in selector.matchers.matchers)
        for parent in parents:
            if isinstance(parent, promql.AggregateExpr) and parent.modifier is not None:
                yield from ((name, label) for label in parent.modifier.labels)


def _is_selector(node: object) -> bool:
    return isinstance(node, promql.VectorSelector)


def _walk(node: Any, parents: Parents) -> Iterator[tuple[Any, Parents]]:  # noqa: ANN401  the parser's union of all expressions
    yield node, parents
    inside = (*parents, node)
    for name in ("lhs", "rhs", "expr", "vector_selector"):
        if (child := getattr(node, name, None)) is not None:
            yield from _walk(child, inside)
    for child in getattr(node, "args", ()):
        yield from _walk(child, inside)
