"""TensorBoard's text page: model, config and versions of a run."""

import inspect
from typing import Any

import torch
from lightning.pytorch import Callback, Trainer

from toysuper import __version__
from toysuper.callbacks.base import run_folder, writers
from toysuper.names import display_name
from toysuper.runs.saved_config import without_nulls
from toysuper.snapshot import Snapshot


class About(Callback):
    """Logs the model's equation, the config and the versions as text when a run starts."""

    def on_train_start(self, trainer: Trainer, pl_module: Any) -> None:
        """Log the three texts."""
        kind = type(pl_module.variant).__name__
        log_text(trainer, "1 model", f"**{kind}**\n\n`{equation(pl_module.snapshot())}`")
        folder = run_folder(trainer)
        if folder and (folder / "config.yaml").is_file():
            config = without_nulls((folder / "config.yaml").read_text(encoding="utf-8"))
            log_text(trainer, "2 config", f"```yaml\n{config}\n```")
        log_text(trainer, "3 version", f"toysuper {__version__}, torch {torch.__version__}")

    on_test_start = on_train_start

    def on_validation_start(self, trainer: Trainer, pl_module: Any) -> None:
        """Log them if the run is a validation."""
        if trainer.state.fn == "validate":
            self.on_train_start(trainer, pl_module)


def log_text(trainer: Trainer, tag: str, text: str) -> None:
    """Log Markdown to every logger that takes text.

    Args:
        trainer: has the loggers.
        tag: title of the text.
        text: Markdown.
    """
    if trainer.is_global_zero:
        for writer in writers(trainer, "add_text"):
            writer.add_text(f"about/{tag}", text, trainer.global_step)


def equation(snapshot: Snapshot) -> str:
    """Format the models' formula; if their functions have no names, describe the variant."""
    if not (snapshot.activation and snapshot.hidden_activation):
        return (inspect.getdoc(type(snapshot.model)) or "").partition("\n\n")[0]
    tied = bool((snapshot.encoder == snapshot.decoder).all())
    inside = "W x + c" if snapshot.hidden_bias.any() else "W x"
    hidden, inner_names = _of("f", snapshot.hidden_activation, inside)
    output, outer_names = _of("g", snapshot.activation, f"{'Wᵀ' if tied else 'Vᵀ'} {hidden} + b")
    answer = "x'" if {*snapshot.task} == {"identity"} else "y'"
    return "; ".join([f"{answer} = {output}", *inner_names, *outer_names])


def _of(letter: str, functions: tuple[str, ...], argument: str) -> tuple[str, list[str]]:
    """Format f(argument); explain the letter f where instances have different functions."""
    names = [display_name(name) for name in dict.fromkeys(functions)]
    if len(names) > 1:
        return f"{letter}({argument})", [f"{letter} is {' or '.join(names)}"]
    return (argument if names == ["linear"] else f"{names[0]}({argument})"), []
