"""What the tests put into the hub: a tiny real classifier, a dataset and a card that attacks."""

from __future__ import annotations

from pathlib import Path

from huggingface_hub import HfApi

from tests.compute.tiny_classifier import make_classifier

__all__ = ["DATASET", "HOSTILE", "MODEL", "seed"]

MODEL = "grace/film-mood"
DATASET = "grace/film-snippets"
HOSTILE = "grace/hostile-card"

MODEL_CARD = f"""---
license: apache-2.0
language: en
pipeline_tag: text-classification
library_name: transformers
base_model: grace/tiny-bert
datasets:
- {DATASET}
tags:
- films
widget:
- text: the film was very good
model-index:
- name: film-mood
  results:
  - task:
      type: text-classification
    dataset:
      name: Film snippets
      type: {DATASET}
    metrics:
    - type: accuracy
      value: 0.8312
---
# Film mood

Tells whether a sentence about a film is **negative**, **neutral** or **positive**.
The vocabulary is in [vocab.txt](vocab.txt); it was trained on
[{DATASET}](/datasets/{DATASET}).

## Limits

Short English sentences only.
"""

DATASET_CARD = """---
license: cc-by-4.0
language: en
task_categories:
- text-classification
pretty_name: Film snippets
---
# Film snippets

Three sentences about films.
"""

HOSTILE_CARD = """---
license: mit
---
# Hostile

<script>window.attacked = "script"</script>
<img src="missing.png" onerror="window.attacked = 'onerror'">
<a href="javascript:window.attacked='link'">Click me</a>
<iframe srcdoc="<script>parent.attacked='frame'</script>"></iframe>
<svg onload="window.attacked='svg'"></svg>

Harmless end.
"""

SNIPPETS = "text,label\nthe film was very good,2\na dull film,0\nthe film is long,1\n"


def seed(api: HfApi, folder: Path) -> None:
    """Upload everything with the unmodified client."""
    classifier = make_classifier(folder / "classifier")
    (classifier / "README.md").write_text(MODEL_CARD, "utf-8")
    api.create_repo(MODEL)
    api.upload_folder(
        repo_id=MODEL, folder_path=str(classifier), commit_message="Add the classifier"
    )
    api.create_repo(DATASET, repo_type="dataset", private=True)
    for name, text in (("README.md", DATASET_CARD), ("data/train.csv", SNIPPETS)):
        api.upload_file(
            repo_id=DATASET,
            repo_type="dataset",
            path_in_repo=name,
            path_or_fileobj=text.encode(),
            commit_message=f"Add {name}",
        )
    api.create_repo(HOSTILE)
    api.upload_file(
        repo_id=HOSTILE, path_in_repo="README.md", path_or_fileobj=HOSTILE_CARD.encode()
    )
