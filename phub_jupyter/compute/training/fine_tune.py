"""One fine-tune: trains to a step, leaves a checkpoint there, goes on from it later."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phub_jupyter.compute.training.encoding import Encoded, encode, run_batches
from phub_jupyter.compute.training.engine import Engine
from phub_jupyter.compute.training.examples import Splits
from phub_jupyter.compute.training.plan import BATCH_SIZE, Candidate
from phub_jupyter.errors import InvalidRequestError

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, Trainer, TrainerCallback

__all__ = ["FineTune", "load_model"]


class FineTune:
    """Trains one candidate in ``folder``; nothing of it stays in memory after `release`."""

    def __init__(
        self,
        candidate: Candidate,
        folder: Path,
        model_folder: Path,
        splits: Splits,
        total: int,
        seed: int,
        engine: Engine,
    ) -> None:
        from transformers import AutoTokenizer

        self._parameters = candidate.parameters
        self._folder = folder
        self._model_folder = model_folder
        self._splits = splits
        self._total = total
        self._seed = seed
        self._engine = engine
        self._tokenizer = AutoTokenizer.from_pretrained(model_folder)
        self._model: PreTrainedModel | None = None

    def train(self, start: int, on_step: Callable[[int], bool]) -> int:
        """Go on from step ``start`` until ``on_step(step)`` is false; return the step reached."""
        from transformers import set_seed

        set_seed(self._seed)
        self._model = load_model(self._model_folder, self._splits.label_names)
        if self._parameters["freeze_embeddings"]:
            self._model.get_input_embeddings().requires_grad_(False)
        trainer = self._trainer(_until_false(on_step))
        trainer.train(resume_from_checkpoint=str(self._checkpoint(start)) if start else None)
        step = int(trainer.state.global_step)
        for old in self._folder.glob("checkpoint-*"):
            if old != self._checkpoint(step):
                shutil.rmtree(old)
        return step

    def predict(self, split: str, step: int, before_batch: Callable[[], object]) -> list[int]:
        """The label of each text of a split, by the model as it was at ``step``."""
        examples = getattr(self._splits, split)
        rows = encode(self._tokenizer, examples.texts, None, self._max_length)
        model = self._at(step)
        logits = run_batches(model, self._tokenizer, rows, self._engine, _logits, before_batch)
        return [int(label) for label in logits.argmax(axis=1)]

    def save(self, folder: Path, step: int) -> None:
        """Write weights, tokenizer and configuration of ``step``, and nothing else."""
        model = self._at(step)
        model.save_pretrained(folder)
        self._tokenizer.save_pretrained(folder)

    def release(self) -> None:
        """Give the memory of the model back; checkpoints stay."""
        self._model = None

    def discard(self) -> None:
        """Delete the checkpoints of a candidate that was dropped."""
        self.release()
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def _max_length(self) -> int:
        return min(int(self._parameters["max_length"]), int(self._tokenizer.model_max_length))

    def _checkpoint(self, step: int) -> Path:
        return self._folder / f"checkpoint-{step}"

    def _at(self, step: int) -> PreTrainedModel:
        if self._model is None:
            self._model = load_model(self._checkpoint(step), self._splits.label_names)
        return self._model

    def _trainer(self, callback: TrainerCallback) -> Trainer:
        from transformers import DataCollatorWithPadding, PrinterCallback, Trainer

        rows: Encoded = encode(
            self._tokenizer, self._splits.train.texts, self._splits.train.labels, self._max_length
        )
        trainer = Trainer(
            model=self._model,
            args=self._arguments(),
            train_dataset=rows,
            processing_class=self._tokenizer,
            data_collator=DataCollatorWithPadding(self._tokenizer),
            callbacks=[callback],
        )
        trainer.remove_callback(PrinterCallback)
        return trainer

    def _arguments(self) -> Any:
        from transformers import TrainingArguments

        on_cpu = self._engine.device == "cpu"
        return TrainingArguments(
            output_dir=str(self._folder),
            max_steps=self._total,
            per_device_train_batch_size=BATCH_SIZE,
            learning_rate=self._parameters["learning_rate"],
            weight_decay=self._parameters["weight_decay"],
            warmup_steps=self._parameters["warmup"],
            lr_scheduler_type="linear",
            optim="adamw_torch_fused",
            train_sampling_strategy="group_by_length",
            bf16=self._engine.bf16,
            use_cpu=on_cpu,
            dataloader_pin_memory=not on_cpu,
            seed=self._seed,
            save_strategy="no",
            save_total_limit=1,
            logging_strategy="no",
            report_to="none",
            disable_tqdm=True,
        )


def load_model(folder: Path, label_names: tuple[str, ...]) -> PreTrainedModel:
    """Load a classifier over these labels; the head is new if the folder has none for them.

    Raises InvalidRequestError if the folder holds no model that can classify texts.
    """
    from transformers import AutoModelForSequenceClassification

    names = dict(enumerate(label_names))
    try:
        model: PreTrainedModel = AutoModelForSequenceClassification.from_pretrained(
            folder,
            id2label=names,
            label2id={name: number for number, name in names.items()},
            ignore_mismatched_sizes=True,
        )
    except (OSError, ValueError) as error:
        logging.getLogger(__name__).debug("cannot load %s", folder, exc_info=True)
        reason = str(error).split("\n", 1)[0].replace(str(folder), "the repository")
        raise InvalidRequestError(f"model: it cannot be loaded ({reason[:200]}).") from None
    return model


def _logits(output: Any, mask: torch.Tensor) -> torch.Tensor:
    logits: torch.Tensor = output.logits
    return logits


def _until_false(on_step: Callable[[int], bool]) -> TrainerCallback:
    """A callback that saves and stops as soon as ``on_step`` says so.

    Its class is made here because the base class takes seconds to import.
    """
    from transformers import TrainerCallback

    class UntilFalse(TrainerCallback):
        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> Any:
            if not on_step(int(state.global_step)):
                control.should_save = True
                control.should_training_stop = True
            return control

    return UntilFalse()
