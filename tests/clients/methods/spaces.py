"""Spaces: how they run, and what they are given."""

from __future__ import annotations

from case import Tour, case


@case("get_space_runtime", "wait_for_space")
def _(tour: Tour) -> None:
    assert tour.api.get_space_runtime("ada/s").stage
    if tour.has("wait_for_space"):
        tour.api.wait_for_space("ada/s", timeout=10)


@case("pause_space")
def _(tour: Tour) -> None:
    assert tour.api.pause_space("ada/s").stage in ("PAUSED", "STOPPED")


@case("restart_space")
def _(tour: Tour) -> None:
    assert tour.api.restart_space("ada/s").stage


@case("add_space_secret", "get_space_secrets", "delete_space_secret")
def _(tour: Tour) -> None:
    tour.api.add_space_secret("ada/s", "KEY", "value", description="why")
    if tour.has("get_space_secrets"):
        assert list(tour.api.get_space_secrets("ada/s")) == ["KEY"]
        assert "value" not in repr(tour.api.get_space_secrets("ada/s"))
    tour.api.delete_space_secret("ada/s", "KEY")


@case("add_space_variable", "get_space_variables", "delete_space_variable")
def _(tour: Tour) -> None:
    tour.api.add_space_variable("ada/s", "NAME", "value")
    assert tour.api.get_space_variables("ada/s")["NAME"].value == "value"
    tour.api.delete_space_variable("ada/s", "NAME")
    assert tour.api.get_space_variables("ada/s") == {}


@case("set_space_sleep_time")
def _(tour: Tour) -> None:
    tour.api.set_space_sleep_time("ada/s", 3600)


@case("request_space_hardware")
def _(tour: Tour) -> None:
    assert tour.api.request_space_hardware("ada/s", "local").requested_hardware == "local"


@case("disable_space_dev_mode")
def _(tour: Tour) -> None:
    tour.api.disable_space_dev_mode("ada/s")


@case("set_space_volumes", "delete_space_volumes")
def _(tour: Tour) -> None:
    from huggingface_hub import Volume

    volume = Volume(type="model", source="ada/m", mount_path="/data")
    tour.api.set_space_volumes("ada/s", [volume])
    assert tour.api.get_space_runtime("ada/s").raw["volumes"][0]["source"] == "ada/m"
    tour.api.delete_space_volumes("ada/s")


@case("fetch_space_logs")
def _(tour: Tour) -> None:
    list(tour.api.fetch_space_logs("ada/s"))


@case("list_spaces_hardware")
def _(tour: Tour) -> None:
    assert isinstance(tour.api.list_spaces_hardware(), list)


@case("list_space_templates")
def _(tour: Tour) -> None:
    assert isinstance(tour.api.list_space_templates(), list)
