"""What stays and what is renewed in a card that machine and people write together."""

from __future__ import annotations

from typing import Any

import yaml

from phub_jupyter.compute.training.card_parts import Card, Written


def result(metric: str, value: float) -> dict[str, Any]:
    return {
        "task": {"type": "text-classification"},
        "dataset": {"name": "ada/remarks", "type": "ada/remarks", "split": "test"},
        "metrics": [{"type": metric, "value": value}],
    }


def card(score: float = 0.5, **parts: str) -> Card:
    index = [{"name": "m", "results": [result("accuracy", score), result("f1", score)]}]
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
    fields["model-index"][0]["results"][1]["metrics"][0]["value"] = 0.55
    fields["model-index"][0]["results"].append(result("recall", 0.1))
    fields["tags"] = ["mine"]
    edited = f"---\n{yaml.safe_dump(fields)}---\n{first.text().split('---', 2)[2]}"
    merged = metadata(card(0.7).merged_into(edited, first.written))
    assert merged["license"] == "apache-2.0"
    assert merged["datasets"] == ["ada/remarks", "ada/more"]
    assert merged["tags"] == ["mine"]
    values = {
        each["metrics"][0]["type"]: each["metrics"][0]["value"]
        for each in merged["model-index"][0]["results"]
    }
    assert values == {"accuracy": 0.7, "f1": 0.55, "recall": 0.1}
    del fields["license"]
    edited = f"---\n{yaml.safe_dump(fields)}---\n"
    assert "license" not in metadata(card(0.7).merged_into(edited, first.written))


def test_front_matter_that_cannot_be_read_is_left_alone() -> None:
    broken = "---\n[: oh\n---\nMine.\n"
    assert card().merged_into(broken, card().written) == broken
