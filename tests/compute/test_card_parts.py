"""What stays and what is renewed in a card that machine and people write together."""

from __future__ import annotations

from typing import Any

import yaml

from phub_jupyter.card_results import card_with
from phub_jupyter.compute.training.card_parts import Card, Written
from phub_jupyter.eval_results import EvalResult


def result(metric: str, value: float) -> dict[str, Any]:
    return {
        "task": {"type": "text-classification"},
        "dataset": {"name": "ada/remarks", "type": "ada/remarks", "split": "test"},
        "metrics": [{"type": metric, "value": value}],
    }


def card(score: float = 0.5, **parts: str) -> Card:
    both = result("accuracy", score)
    both["metrics"] += result("f1", score)["metrics"]
    index = [{"name": "m", "results": [both]}]
    metadata = {"license": "mit", "datasets": ["ada/remarks"], "model-index": index}
    return Card(metadata, {"title": "# m", "scores": f"It scores {score}.", **parts})


def metadata(text: str) -> Any:
    return yaml.safe_load(text.split("---\n")[1])


def test_a_second_push_of_the_same_changes_nothing() -> None:
    text = card().text()
    assert card().merged_into(text, card().written) == text


def test_what_a_person_added_stays_and_the_machines_part_is_renewed() -> None:
    first = card()
    edited = first.text() + "\nMind this.\n"
    edited = edited.replace("<!-- phub:scores -->", "Between.\n\n<!-- phub:scores -->")
    second = card(0.7).merged_into(edited, first.written)
    assert "It scores 0.7." in second
    assert "0.5" not in second
    assert second.index("Between.") < second.index("0.7.") < second.index("Mind this.")


def test_an_edited_part_stays_a_persons_for_good_and_a_removed_one_away() -> None:
    first, second = card(), card(0.7)
    edited = first.text().replace("It scores 0.5.", "It scores well.")
    edited = edited.replace("<!-- phub:title -->\n# m\n<!-- /phub:title -->", "")
    once = second.merged_into(edited, first.written)
    twice = card(0.9).merged_into(once, second.written)
    for text in (once, twice):
        assert "It scores well." in text
        assert "# m" not in text
        assert "It scores 0" not in text


def test_a_part_that_a_later_release_adds_comes_behind_its_neighbour() -> None:
    first = card()
    text = card(0.5, use="Use it.").merged_into(first.text() + "\nEnd.\n", first.written)
    assert text.index("It scores") < text.index("Use it.") < text.index("End.")


def test_a_card_that_a_person_wrote_is_only_added_to() -> None:
    mine = "---\nlicense: gpl-3.0 # ours\ntags:\n- mine\n---\n\n# My own words\n"
    text = card().merged_into(mine, Written({}, {}))
    assert "# My own words" in text
    assert "It scores 0.5." in text
    fields = metadata(text)
    assert (fields["license"], fields["tags"]) == ("gpl-3.0", ["mine"])
    assert fields["datasets"] == ["ada/remarks"]


def test_front_matter_is_merged_field_by_field_and_entry_by_entry() -> None:
    first = card()
    fields = metadata(first.text())
    fields["license"] = "apache-2.0"
    fields["datasets"].append("ada/more")
    fields["model-index"][0]["results"][0]["metrics"][1]["value"] = 0.55
    fields["model-index"][0]["results"].append(result("recall", 0.1))
    fields["tags"] = ["mine"]
    edited = f"---\n{yaml.safe_dump(fields)}---\n{first.text().split('---', 2)[2]}"
    merged = metadata(card(0.7).merged_into(edited, first.written))
    assert merged["license"] == "apache-2.0"
    assert merged["datasets"] == ["ada/remarks", "ada/more"]
    assert merged["tags"] == ["mine"]
    (group,) = merged["model-index"][0]["results"]
    values = {metric["type"]: metric["value"] for metric in group["metrics"]}
    assert values == {"accuracy": 0.7, "f1": 0.55, "recall": 0.1}
    del fields["license"]
    edited = f"---\n{yaml.safe_dump(fields)}---\n"
    assert "license" not in metadata(card(0.7).merged_into(edited, first.written))


def test_results_that_an_evaluation_added_stay_beside_the_renewed_ones() -> None:
    added = EvalResult("ada/other", "text-classification", "accuracy", 0.9, split="test")
    evaluated = card_with(card().text(), "m", [added])
    text = card(0.7).merged_into(evaluated, card().written)
    mine, others = metadata(text)["model-index"][0]["results"]
    assert [metric["value"] for metric in mine["metrics"]] == [0.7, 0.7]
    assert others["metrics"][0]["value"] == 0.9
    assert "&id" not in text


def test_front_matter_that_cannot_be_read_is_left_alone() -> None:
    broken = "---\n[: oh\n---\nMine.\n"
    assert card().merged_into(broken, card().written) == broken
