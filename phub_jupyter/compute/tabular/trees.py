"""Looks at the trees of a loaded model before they may run.

scikit-learn follows the numbers in a tree's nodes without looking whether they lead outside of
the arrays, so a forged file could read foreign memory or run for ever. A tree passes when every
branch leads forward to a node that exists and asks for a column that its model takes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from phub_jupyter.errors import InvalidRequestError

__all__ = ["check_trees"]

_BITSET_WORDS = 8


def check_trees(model: Any) -> None:
    """Raises InvalidRequestError when a tree somewhere in ``model`` is broken or forged."""
    parts = list(_parts(model))
    owned: set[int] = set()
    for owner in (part for part in parts if type(part).__name__ in _OWNERS):
        trees = _trees(_parts(owner))
        columns = vars(owner).get("n_features_in_")
        if trees and type(columns) is not int:
            raise _broken("a model of trees does not say how many columns it takes")
        for tree in trees:
            _TREES[type(tree).__name__](tree, owner, columns)
            owned.add(id(tree))
    if any(id(tree) not in owned for tree in _trees(parts)):
        raise _broken("a tree belongs to no model")


_OWNERS = frozenset(
    """DecisionTreeClassifier DecisionTreeRegressor ExtraTreeClassifier ExtraTreeRegressor
    ExtraTreesClassifier ExtraTreesRegressor RandomForestClassifier RandomForestRegressor
    HistGradientBoostingClassifier HistGradientBoostingRegressor""".split()
)


def _check_tree(tree: Any, owner: Any, columns: int) -> None:
    if tree.node_count != tree.capacity:  # else its arrays are longer than their memory
        raise _broken("a tree counts more nodes than it has")
    nodes = tree.__getstate__()["nodes"]
    inner = nodes["left_child"] != -1
    _check_branches(nodes["left_child"], nodes["right_child"], nodes["feature"], inner, columns)


def _check_predictor(tree: Any, owner: Any, columns: int) -> None:
    nodes, bits = tree.nodes, tree.raw_left_cat_bitsets
    inner = nodes["is_leaf"] == 0
    categorical = owner._bin_mapper.is_categorical_
    _check_branches(nodes["left"], nodes["right"], nodes["feature_idx"], inner, columns)
    asked = nodes[inner & (nodes["is_categorical"] != 0)]
    if not len(asked):
        return
    known = len(categorical) == columns and bool(categorical[asked["feature_idx"]].all())
    if not known or bits.shape[1:] != (_BITSET_WORDS,) or asked["bitset_idx"].max() >= len(bits):
        raise _broken("a tree asks for a category that it does not know")


def _check_branches(left: Any, right: Any, feature: Any, inner: Any, columns: int) -> None:
    import numpy as np

    index = np.arange(len(left))[inner]
    if not len(left):
        raise _broken("a tree has no nodes")
    for child in (left[inner].astype(np.int64), right[inner].astype(np.int64)):
        if (child <= index).any() or (child >= len(left)).any():
            raise _broken("a branch of a tree leads nowhere")
    wanted = feature[inner].astype(np.int64)
    if (wanted < 0).any() or (wanted >= columns).any():
        raise _broken("a tree asks for a column that its model does not take")


_TREES = {"Tree": _check_tree, "TreePredictor": _check_predictor}


def _trees(parts: Iterable[Any]) -> list[Any]:
    return [part for part in parts if type(part).__name__ in _TREES]


def _parts(root: Any) -> Iterator[Any]:
    """``root`` and everything that it holds, each once."""
    import numpy as np

    seen: set[int] = set()
    waiting = [root]
    while waiting:
        part = waiting.pop()
        if id(part) in seen:
            continue
        seen.add(id(part))
        if isinstance(part, dict):
            waiting.extend(part.values())
        elif isinstance(part, list | tuple):
            waiting.extend(part)
        elif isinstance(part, np.ndarray):
            waiting.extend(part.ravel().tolist() if part.dtype == object else ())
        else:
            yield part
            waiting.extend(getattr(part, "__dict__", {}).values())


def _broken(what: str) -> InvalidRequestError:
    return InvalidRequestError(f"model: {what}, so its file is broken; train and save it again.")
