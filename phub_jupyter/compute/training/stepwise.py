"""A trial that trains a transformers model in steps: leaves a checkpoint, goes on from it later."""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phub_jupyter.compute.training.plan import Candidate
from phub_jupyter.compute.training.probe import check_batch, longest_row
from phub_jupyter.compute.training.recipes.recipe import Work
from phub_jupyter.compute.training.recipes.task_model import TaskModel
from phub_jupyter.compute.training.trainable import (
    add_adapters,
    freeze,
    load_adapters,
    merge_adapters,
)

if TYPE_CHECKING:
    from transformers import PreTrainedModel, Trainer, TrainerCallback

__all__ = ["StepwiseTrial"]

_LOSSES = 100  # about so many of a whole training are kept; each waits for the disk


class StepwiseTrial:
    """Trains one candidate in its own folder of the run."""

    def __init__(self, candidate: Candidate, model: TaskModel, work: Work) -> None:
        self._parameters = candidate.parameters
        self._lora = candidate.family == "lora"
        self._folder = work.folder / candidate.id
        self._task_model = model
        self._work = work
        self._model: PreTrainedModel | None = None

    def fit(self, start: int, on_step: Callable[[int], bool]) -> int:
        """Go on from step ``start`` until ``on_step(step)`` is false; return the step reached."""
        from transformers import set_seed

        set_seed(self._work.seed)
        model = self._trainable()
        if self._work.watch.limit is not None and self._is_whole_batch:
            self._try_out(model)
            set_seed(self._work.seed)  # dropout has drawn from it
        follow = _follow(on_step, self._work.on_loss, self._work.watch.check)
        trainer = self._trainer(model, follow)
        trainer.train(resume_from_checkpoint=str(self._checkpoint(start)) if start else None)
        step = int(trainer.state.global_step)
        for old in self._folder.glob("checkpoint-*"):
            if old != self._checkpoint(step):
                shutil.rmtree(old)
        self._model = merge_adapters(model) if self._lora else model
        return step

    def predict(self, split: str, step: int) -> Sequence[Any]:
        """The predictions of the model as it was at ``step``."""
        return self._task_model.predict(self._at(step), split)

    def save(self, folder: Path, step: int) -> None:
        """Write weights, processor and configuration of ``step``."""
        self._at(step).save_pretrained(folder)
        self._task_model.processor.save_pretrained(folder)

    def release(self) -> None:
        """Give the memory of the model back; checkpoints stay."""
        self._model = None

    def discard(self) -> None:
        """Delete the checkpoints."""
        self.release()
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def _is_whole_batch(self) -> bool:
        return self._work.slices == 1 and not self._work.checkpointing

    def _try_out(self, model: Any) -> None:
        """Raises OverLimitError before any step if a batch is too large for the memory."""
        examples, work = self._task_model.examples("train"), self._work
        row = self._task_model.collator()([longest_row(examples)])
        check_batch(model, row, work.batch_size, work.watch, work.engine)

    def _checkpoint(self, step: int) -> Path:
        return self._folder / f"checkpoint-{step}"

    def _trainable(self) -> Any:
        model = self._task_model.load(self._work.model_folder)
        if self._lora:
            return add_adapters(model, self._parameters)
        freeze(model, self._parameters)
        return model

    def _at(self, step: int) -> PreTrainedModel:
        if self._model is None and self._lora:
            base = self._task_model.load(self._work.model_folder)
            self._model = merge_adapters(load_adapters(base, self._checkpoint(step)))
        elif self._model is None:
            self._model = self._task_model.load(self._checkpoint(step))
        return self._model

    def _trainer(self, model: Any, callback: TrainerCallback) -> Trainer:
        from transformers import PrinterCallback

        trainer = self._trainer_class()(
            model=model,
            args=self._arguments(),
            train_dataset=self._task_model.examples("train"),
            processing_class=self._task_model.processor,
            data_collator=self._task_model.collator(),
            callbacks=[callback],
        )
        trainer.remove_callback(PrinterCallback)
        return trainer

    def _trainer_class(self) -> type[Trainer]:
        """What trains. Models that compute no loss by themselves need one that does."""
        from transformers import Trainer

        return Trainer

    def _arguments(self) -> Any:
        from transformers import TrainingArguments

        engine = self._work.engine
        on_cpu = engine.device == "cpu"
        return TrainingArguments(
            output_dir=str(self._folder),
            max_steps=self._work.total,
            per_device_train_batch_size=max(1, self._work.batch_size // self._work.slices),
            gradient_accumulation_steps=self._work.slices,
            activation_checkpointing=self._work.checkpointing,
            learning_rate=self._parameters["learning_rate"],
            weight_decay=self._parameters["weight_decay"],
            warmup_steps=self._parameters["warmup"],
            lr_scheduler_type=self._parameters.get("scheduler", "linear"),
            optim="adamw_torch_fused",
            train_sampling_strategy="group_by_length",
            bf16=engine.bf16,
            use_cpu=on_cpu,
            dataloader_pin_memory=not on_cpu,
            seed=self._work.seed,
            save_strategy="no",
            save_total_limit=1,
            logging_steps=max(1, self._work.total // _LOSSES),
            report_to="none",
            disable_tqdm=True,
        )


def _follow(
    on_step: Callable[[int], bool],
    on_loss: Callable[[int, float], None],
    check: Callable[[], None],
) -> TrainerCallback:
    """A callback that saves and stops as soon as ``on_step`` says so, and tells the loss.

    ``check`` is called after each part of a batch, and raises when memory is short.

    Its class is made here because the base class takes seconds to import.
    """
    from transformers import TrainerCallback

    class Follow(TrainerCallback):
        def on_substep_end(self, args: Any, state: Any, control: Any, **_: Any) -> Any:
            check()
            return control

        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> Any:
            check()
            if not on_step(int(state.global_step)):
                control.should_save = True
                control.should_training_stop = True
            return control

        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
            loss = float((logs or {}).get("loss", math.nan))
            if math.isfinite(loss):
                on_loss(int(state.global_step), round(loss, 5))

    return Follow()
