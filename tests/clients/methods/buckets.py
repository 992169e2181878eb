"""Buckets: files without history."""

from __future__ import annotations

import os

from case import Tour, case
from huggingface_hub.errors import EntryNotFoundError

BIG = os.urandom(500_000)


@case("create_bucket", "bucket_info", "list_buckets", "update_bucket_settings")
def _(tour: Tour) -> None:
    tour.api.create_bucket("ada/b")
    tour.api.create_bucket("ada/b", exist_ok=True)
    if tour.has("update_bucket_settings"):
        tour.api.update_bucket_settings("ada/b", private=True)
        assert tour.api.bucket_info("ada/b").private
    assert [found.id for found in tour.api.list_buckets()] == ["ada/b"]


@case("batch_bucket_files")
def _(tour: Tour) -> None:
    tour.api.batch_bucket_files("ada/b", add=[(BIG, "x/big.bin"), (b"hi", "small.txt")])
    tour.api.batch_bucket_files("ada/b", delete=["small.txt"])
    tour.made["in the bucket"] = True


@case("list_bucket_tree", "get_bucket_paths_info", "get_bucket_file_metadata")
def _(tour: Tour) -> None:
    found = [entry.path for entry in tour.api.list_bucket_tree("ada/b", recursive=True)]
    if "in the bucket" not in tour.made:  # nothing can be put there without hf_xet
        assert found == []
        assert list(tour.api.get_bucket_paths_info("ada/b", ["x/big.bin"])) == []
        return missing(tour)
    assert "x/big.bin" in found
    assert "small.txt" not in found
    assert [file.size for file in tour.api.get_bucket_paths_info("ada/b", ["x/big.bin"])] == [
        len(BIG)
    ]
    assert tour.api.get_bucket_file_metadata("ada/b", "x/big.bin").size == len(BIG)
    return None


def missing(tour: Tour) -> None:
    """A file that is not in the bucket is reported as that."""
    try:
        tour.api.get_bucket_file_metadata("ada/b", "x/big.bin")
    except EntryNotFoundError:
        return
    raise AssertionError("a missing file was found")


@case("download_bucket_files")
def _(tour: Tour) -> None:
    target = tour.folder / "from-bucket.bin"
    tour.api.download_bucket_files("ada/b", [("x/big.bin", target)])
    assert target.read_bytes() == BIG


@case("sync_bucket")
def _(tour: Tour) -> None:
    source = tour.folder / "to-sync"
    source.mkdir()
    (source / "new.txt").write_text("new")
    tour.api.sync_bucket(str(source), "hf://buckets/ada/b/synced")
    found = [entry.path for entry in tour.api.list_bucket_tree("ada/b", recursive=True)]
    assert "synced/new.txt" in found


@case("move_bucket", "delete_bucket")
def _(tour: Tour) -> None:
    tour.api.move_bucket("ada/b", "ada/c")
    assert tour.api.bucket_info("ada/c").id == "ada/c"
    tour.api.delete_bucket("ada/c")
    assert list(tour.api.list_buckets()) == []
