"""Files: up, down, listed, copied, removed; large ones and safetensors."""

from __future__ import annotations

import io
import json
import os
import struct
from pathlib import Path

from case import Tour, case
from huggingface_hub import CommitOperationAdd, CommitOperationDelete
from huggingface_hub.errors import EntryNotFoundError

BIG = os.urandom(3_000_000)


def tensors(name: str) -> bytes:
    """A safetensors file of two float32 numbers."""
    header = {name: {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + b"\0" * 8


@case("upload_file")
def _(tour: Tour) -> None:
    for content, name in ((b"hi", "a.txt"), (BIG, "big.bin"), (b"", "empty.bin")):
        tour.api.upload_file(path_or_fileobj=content, path_in_repo=name, repo_id="ada/m")
    stream = io.BytesIO(BIG[::-1])
    tour.api.upload_file(path_or_fileobj=stream, path_in_repo="stream.bin", repo_id="ada/m")
    tour.api.upload_file(path_or_fileobj=b"x", path_in_repo="ein Ordner/ä.txt", repo_id="ada/m")


@case("hf_hub_download")
def _(tour: Tour) -> None:
    expected = {
        "big.bin": BIG,
        "stream.bin": BIG[::-1],
        "empty.bin": b"",
        "ein Ordner/ä.txt": b"x",
    }
    for name, content in expected.items():
        path = Path(tour.api.hf_hub_download("ada/m", name))
        assert path.read_bytes() == content, name


@case("upload_folder")
def _(tour: Tour) -> None:
    source = tour.folder / "source"
    (source / "sub").mkdir(parents=True)
    (source / "one.txt").write_text("1")
    (source / "sub/two.bin").write_bytes(BIG[:100_000])
    tour.api.upload_folder(repo_id="ada/d", folder_path=source, repo_type="dataset")
    assert set(tour.api.list_repo_files("ada/d", repo_type="dataset")) >= {"one.txt", "sub/two.bin"}


@case("upload_large_folder")
def _(tour: Tour) -> None:
    tour.api.upload_large_folder(
        repo_id="ada/d", folder_path=tour.folder / "source", repo_type="dataset", num_workers=2
    )


@case("snapshot_download")
def _(tour: Tour) -> None:
    folder = tour.api.snapshot_download(
        "ada/d", repo_type="dataset", local_dir=tour.folder / "copy", revision="main"
    )
    assert Path(folder, "sub/two.bin").read_bytes() == BIG[:100_000]


@case("verify_repo_checksums")
def _(tour: Tour) -> None:
    found = tour.api.verify_repo_checksums(
        "ada/d", repo_type="dataset", local_dir=tour.folder / "copy"
    )
    assert not found.mismatches
    assert not found.missing_paths


@case("preupload_lfs_files", "create_commit")
def _(tour: Tour) -> None:
    addition = CommitOperationAdd("pre.bin", BIG[:500_000])
    tour.api.preupload_lfs_files("ada/m", [addition])
    before = tour.api.model_info("ada/m").sha
    done = tour.api.create_commit(
        "ada/m",
        operations=[addition, CommitOperationDelete("a.txt")],
        commit_message="Both",
        parent_commit=before,
    )
    assert done.oid == tour.api.model_info("ada/m").sha
    files = tour.api.list_repo_files("ada/m")
    assert "pre.bin" in files
    assert "a.txt" not in files


@case("file_exists")
def _(tour: Tour) -> None:
    assert tour.api.file_exists("ada/m", "big.bin")
    assert not tour.api.file_exists("ada/m", "none")
    assert not tour.api.file_exists("ada/none", "big.bin")


@case("list_repo_files", "list_repo_tree")
def _(tour: Tour) -> None:
    entries = {entry.path: entry for entry in tour.api.list_repo_tree("ada/m", expand=True)}
    assert entries["big.bin"].lfs.size == len(BIG)
    assert entries["big.bin"].last_commit.title
    assert set(tour.api.list_repo_files("ada/m")) >= {"big.bin", "ein Ordner/ä.txt"}
    try:
        list(tour.api.list_repo_tree("ada/m", "none"))
    except EntryNotFoundError:
        return
    raise AssertionError("a missing folder was listed")


@case("get_paths_info")
def _(tour: Tour) -> None:
    found = tour.api.get_paths_info("ada/m", ["big.bin", "none", "ein Ordner"], expand=True)
    assert sorted(entry.path for entry in found) == ["big.bin", "ein Ordner"]


@case("get_hf_file_metadata")
def _(tour: Tour) -> None:
    found = tour.api.get_hf_file_metadata(url=f"{tour.endpoint}/ada/m/resolve/main/big.bin")
    assert found.size == len(BIG)


@case("copy_files")
def _(tour: Tour) -> None:
    tour.api.create_repo("ada/copies")
    tour.api.copy_files("hf://ada/m/big.bin", "hf://ada/copies/")
    assert "big.bin" in tour.api.list_repo_files("ada/copies")


@case("delete_file", "delete_files", "delete_folder")
def _(tour: Tour) -> None:
    tour.api.delete_file("stream.bin", "ada/m")
    if tour.has("delete_files"):
        tour.api.delete_files("ada/m", ["pre.*"])
    tour.api.delete_folder("ein Ordner", "ada/m")
    files = tour.api.list_repo_files("ada/m")
    assert "stream.bin" not in files
    assert not [name for name in files if name.startswith("ein Ordner")]


@case("list_lfs_files", "permanently_delete_lfs_files")
def _(tour: Tour) -> None:
    tour.api.create_repo("ada/lfs")
    tour.api.upload_file(path_or_fileobj=BIG, path_in_repo="x.bin", repo_id="ada/lfs")
    files = list(tour.api.list_lfs_files("ada/lfs"))
    assert [file.filename for file in files] == ["x.bin"]
    tour.api.permanently_delete_lfs_files("ada/lfs", files)
    assert list(tour.api.list_lfs_files("ada/lfs")) == []
    assert "x.bin" not in tour.api.list_repo_files("ada/lfs")


@case("get_safetensors_metadata", "parse_safetensors_file_metadata")
def _(tour: Tour) -> None:
    tour.api.upload_file(
        path_or_fileobj=tensors("w"), path_in_repo="model.safetensors", repo_id="ada/m"
    )
    found = tour.api.get_safetensors_metadata("ada/m")
    assert found.files_metadata["model.safetensors"].tensors["w"].shape == [2]
    assert tour.api.parse_safetensors_file_metadata("ada/m", "model.safetensors").tensors


@case("get_sharded_safetensors_metadata")
def _(tour: Tour) -> None:
    tour.api.create_repo("ada/sharded")
    index = {
        "metadata": {"total_size": 16},
        "weight_map": {"a": "1.safetensors", "b": "2.safetensors"},
    }
    tour.api.create_commit(
        "ada/sharded",
        operations=[
            CommitOperationAdd("1.safetensors", tensors("a")),
            CommitOperationAdd("2.safetensors", tensors("b")),
            CommitOperationAdd("model.safetensors.index.json", json.dumps(index).encode()),
        ],
        commit_message="Shards",
    )
    found = tour.api.get_sharded_safetensors_metadata("ada/sharded")
    assert sorted(found.weight_map) == ["a", "b"]
