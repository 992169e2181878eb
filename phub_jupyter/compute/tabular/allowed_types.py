"""Says what a model file may consist of, and refuses the rest before anything of it is built.

A skops file is a list of types with their attributes. skops trusts every scikit-learn estimator,
some of which read files that the input names or call functions that the file names. This list is
shorter: estimators whose prediction is arithmetic on their own arrays.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any

from phub_jupyter.errors import NotSupportedError

__all__ = ["TRUSTED", "check_schema"]

_ESTIMATORS = {
    "sklearn.compose": "ColumnTransformer TransformedTargetRegressor",
    "sklearn.dummy": "DummyClassifier DummyRegressor",
    "sklearn.ensemble": "ExtraTreesClassifier ExtraTreesRegressor HistGradientBoostingClassifier "
    "HistGradientBoostingRegressor RandomForestClassifier RandomForestRegressor",
    "sklearn.impute": "MissingIndicator SimpleImputer",
    "sklearn.linear_model": "BayesianRidge ElasticNet ElasticNetCV HuberRegressor Lasso LassoCV "
    "LinearRegression LogisticRegression LogisticRegressionCV Ridge RidgeCV RidgeClassifier",
    "sklearn.naive_bayes": "GaussianNB",
    "sklearn.neural_network": "MLPClassifier MLPRegressor",
    "sklearn.pipeline": "Pipeline",
    "sklearn.preprocessing": "FunctionTransformer KBinsDiscretizer LabelBinarizer LabelEncoder "
    "MaxAbsScaler MinMaxScaler OneHotEncoder OrdinalEncoder PowerTransformer QuantileTransformer "
    "RobustScaler StandardScaler TargetEncoder",
    "sklearn.tree": "DecisionTreeClassifier DecisionTreeRegressor ExtraTreeClassifier "
    "ExtraTreeRegressor",
    # what gradient boosting and neural networks hold inside
    "sklearn._loss.link": "HalfLogitLink IdentityLink Interval LogLink LogitLink MultinomialLogit",
    "sklearn._loss.loss": "AbsoluteError HalfBinomialLoss HalfGammaLoss HalfMultinomialLoss "
    "HalfPoissonLoss HalfSquaredError PinballLoss",
    "sklearn.ensemble._hist_gradient_boosting.binning": "_BinMapper",
    "sklearn.ensemble._hist_gradient_boosting.predictor": "TreePredictor",
    "sklearn.neural_network._stochastic_optimizers": "AdamOptimizer SGDOptimizer",
}
_LOSSES = (
    "CyAbsoluteError CyHalfBinomialLoss CyHalfGammaLoss CyHalfMultinomialLoss CyHalfPoissonLoss "
    "CyHalfSquaredError CyPinballLoss"
)
_NUMBERS = (
    "bool bool_ float16 float32 float64 int8 int16 int32 int64 str_ uint8 uint16 uint32 uint64"
)
_CHECK = "sklearn.utils.validation.check_array"  # gradient boosting calls it on its categories
_PROTOCOL = 2  # nodes of older files name what they call elsewhere

TRUSTED = (
    "numpy.dtype",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
    "sklearn.neural_network._stochastic_optimizers.SGDOptimizer",
    "sklearn.tree._tree.Tree",
    "functools.partial",
    _CHECK,
)
"""What skops asks about that `check_schema` and `check_trees` have looked at."""


def check_schema(schema: Any) -> None:
    """Refuse a file (its parsed ``schema.json``) that names anything outside the list.

    Raises NotSupportedError that names the type, ValueError for a schema that is none.
    """
    if int(schema["protocol"]) < _PROTOCOL:
        raise NotSupportedError(
            "model: its file was saved by an old skops; save it with a new one."
        )
    waiting = [schema]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            if "__loader__" in node:
                _check_node(node)
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)


def _check_node(node: dict[str, Any]) -> None:
    loader, name = node["__loader__"], f"{node.get('__module__')}.{node.get('__class__')}"
    if name not in _by_loader().get(str(loader), ()):
        raise NotSupportedError(
            f"model: its file holds {name}, which this hub does not load; it loads linear models, "
            "trees, forests, histogram gradient boosting and neural networks of scikit-learn, "
            "with its usual preparation of columns."
        )
    if loader == "TreeNode" and node["__reduce__"]["args"]["content"][2]["content"] != "1":
        raise NotSupportedError("model: its trees have several outputs; train one per output.")


@cache
def _by_loader() -> dict[str, frozenset[str]]:
    """What each kind of node may make, by the names under which the installed release has it."""
    estimators = {
        f"{kind.__module__}.{kind.__name__}"
        for module, names in _ESTIMATORS.items()
        for kind in (getattr(import_module(module), name) for name in names.split())
    }
    numbers = {f"numpy.{name}" for name in _NUMBERS.split()}
    plain = {f"builtins.{name}" for name in ("bool", "float", "int", "str")}
    allowed = {
        "ObjectNode": estimators,
        "DictNode": {"builtins.dict"},
        "ListNode": {"builtins.list"},
        "TupleNode": {"builtins.tuple"},
        "JsonNode": {"builtins.str"},
        "SliceNode": {"builtins.slice"},
        "TypeNode": plain | numbers,
        "NdArrayNode": {"numpy.ndarray"} | numbers,
        "DTypeNode": {"numpy.dtype"},
        "RandomStateNode": {"numpy.random.mtrand.RandomState"},
        "RandomGeneratorNode": {"numpy.random._generator.Generator"},
        "LossNode": {f"sklearn._loss._loss.{name}" for name in _LOSSES.split()},
        "TreeNode": {"sklearn.tree._tree.Tree"},
        "PartialNode": {"functools.partial"},
        "FunctionNode": {_CHECK},
    }
    return {loader: frozenset(names) for loader, names in allowed.items()}
