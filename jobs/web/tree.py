"""A result as a tree that can be folded: bounded, however large or deep it is."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

MOST_NODES = 500
MOST_CHARS = 2_000
DEEPEST = 12
OPEN_TO = 2


@dataclass
class Node:
    """A value with its name or its place; what has parts shows them, else its `text`."""

    name: str
    kind: str
    """object, list, text, number, or word (true, false, null)."""
    text: str = ""
    count: int = 0
    parts: "list[Node]" = field(default_factory=list)
    is_open: bool = False
    is_cut: bool = False
    """Whether there is more of it than is shown."""

    @property
    def has_parts(self) -> bool:
        return self.kind in ("object", "list") and self.count > 0


@dataclass
class Tree:
    root: Node
    raw: str = ""
    """The JSON itself, where it is short enough to be copied from the page."""
    is_cut: bool = False
    nodes: int = 0


def tree(value: Any) -> Tree:
    found = Tree(Node("", "word"))
    found.root = _node(found, "", value, 0)
    text = json.dumps(value, indent=2, ensure_ascii=False)
    found.raw = text if len(text) <= 100 * MOST_CHARS else ""
    return found


def _node(tree: Tree, name: str, value: Any, depth: int) -> Node:
    tree.nodes += 1
    if isinstance(value, dict):
        node = Node(name, "object", "{}", len(value))
        return _with_parts(tree, node, value.items(), depth)
    if isinstance(value, list):
        node = Node(name, "list", "[]", len(value))
        return _with_parts(tree, node, enumerate(value), depth)
    if isinstance(value, str):
        is_cut = len(value) > MOST_CHARS
        tree.is_cut |= is_cut
        return Node(name, "text", value[:MOST_CHARS], is_cut=is_cut)
    kind = "word" if value is None or isinstance(value, bool) else "number"
    return Node(name, kind, json.dumps(value))


def _with_parts(tree: Tree, node: Node, parts: Iterable[tuple[Any, Any]], depth: int) -> Node:
    node.is_open = depth < OPEN_TO
    for name, value in parts:
        if tree.nodes >= MOST_NODES or depth >= DEEPEST:
            node.is_cut = tree.is_cut = True
            break
        node.parts.append(_node(tree, str(name), value, depth + 1))
    return node
