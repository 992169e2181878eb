"""Small models over a table of two columns, age and town."""

from __future__ import annotations

from pathlib import Path


def make_table_model(folder: Path, task: str) -> Path:
    """Train gradient boosting on made-up rows and write it to ``folder``."""
    import numpy as np
    import pandas as pd
    from sklearn.compose import make_column_transformer
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OrdinalEncoder

    from phub_jupyter.compute.tabular.model_file import save

    folder.mkdir(parents=True)
    random = np.random.default_rng(3)
    age, town = random.uniform(20, 70, 400), random.choice(["Bonn", "Köln", "Trier"], 400)
    table = pd.DataFrame({"age": age, "town": town.astype(object)})
    value = age * 10 + (town == "Bonn") * 300
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    prepare = make_column_transformer((encoder, ["town"]), remainder="passthrough")
    if task == "tabular-classification":
        model = make_pipeline(prepare, HistGradientBoostingClassifier(max_iter=40))
        model.fit(table, np.where(value > 500, "yes", "no"))
    else:
        model = make_pipeline(prepare, HistGradientBoostingRegressor(max_iter=60))
        model.fit(table, value)
    save(model, folder, task=task, example=table.head(3).to_dict("list"))
    return folder
