"""What an administrator may say about the hardware of Spaces."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from phub_jupyter.errors import InvalidRequestError
from phub_jupyter.hub.spaces.hardware import Hardware

SETTING = "PHUB_SPACE_HARDWARE"
SMALL = {"name": "small", "prettyName": "Small", "cpus": 1, "memory": 0.5}


def test_without_a_setting_there_is_the_machine_alone() -> None:
    hardware = Hardware.from_environment({})
    assert list(hardware.flavors) == ["local"]
    assert hardware.named("cpu-basic") is hardware.named("local")
    assert hardware.named("local").guarding == []
    assert hardware.named("local").variables == {}


def test_a_list_and_a_file_say_the_same(tmp_path: Path) -> None:
    text = json.dumps([SMALL, {"name": "cpu-basic"}])
    (tmp_path / "hardware.json").write_text(text)
    for value in (text, str(tmp_path / "hardware.json")):
        hardware = Hardware.from_environment({SETTING: value})
        assert list(hardware.flavors) == ["local", "small", "cpu-basic"]
        assert hardware.named("cpu-basic").name == "cpu-basic"
        assert hardware.named("small").guarding == ["--cpus", "1", "--memory", str(1 << 29)]


def test_the_usual_hardware_can_be_limited_too() -> None:
    hardware = Hardware.from_environment({SETTING: json.dumps([{**SMALL, "name": "local"}])})
    assert hardware.named("cpu-basic").cpus == 1


@pytest.mark.parametrize(
    ("value", "word"),
    [
        ("/nowhere/at/all.json", "file"),
        ("[", "JSON"),
        ('[{"name": "a"}, {"name": "a"}]', "of its own"),
        ('["small"]', "objects"),
        ('[{"cpus": 1}]', "name"),
        ('[{"name": "A b"}]', "name"),
        ('[{"name": "a", "price": 1}]', "memory"),
        ('[{"name": "a", "prettyName": 1}]', "prettyName"),
        ('[{"name": "a", "cpus": 0}]', "cpus"),
        ('[{"name": "a", "cpus": true}]', "cpus"),
        ('[{"name": "a", "cpus": 100000}]', "cpus"),
        ('[{"name": "a", "memory": 0.1}]', "memory"),
        ('[{"name": "a", "memory": NaN}]', "memory"),
        ('[{"name": "a", "memory": "1 GB"}]', "memory"),
        ('[{"name": "a", "memory": 1e9}]', "memory"),
    ],
)
def test_what_this_machine_cannot_give_is_refused_by_name(value: str, word: str) -> None:
    with pytest.raises(InvalidRequestError, match=SETTING) as refused:
        Hardware.from_environment({SETTING: value})
    assert word in refused.value.message
