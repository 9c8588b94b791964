"""Bursts of optimiser steps; on CUDA one recorded graph, replayed without Python."""

import warnings
from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from toysuper.engine.ensemble import Gradients
from toysuper.errors import first_line

WARM_UP = 3
"""Steps before the recording, in which kernels and optimiser states are created."""


class Stepper:
    """Takes optimiser steps of an ensemble.

    Args:
        gradients: of the ensemble.
        finish: what follows the gradients of a step: clip, optimiser.
        record: replay one recorded CUDA graph; ``finish`` must then be the same for every step.

    Attributes:
        taken: steps that the latest burst has taken.
    """

    def __init__(
        self, gradients: Gradients, finish: Callable[[], object], record: bool = False
    ) -> None:
        self.gradients, self.finish, self.record = gradients, finish, record
        parameter = next(iter(gradients.parameters.values()))
        self.at = torch.zeros((), dtype=torch.int64, device=parameter.device)
        self.recorded: Recorded | None = None
        self.taken = 0

    @torch.no_grad()
    def run(
        self, start: int, stop: int, before: Callable[[int], None] | None = None
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Take the steps ``start`` to ``stop - 2``, and compute the gradients of the last step.

        Args:
            start: first step.
            stop: step after the last one.
            before: called with each step before it is taken.

        Returns:
            The losses ``(inst,)`` and the gradients of the last step, which the caller takes.
        """
        self.at.fill_(start)
        self.taken = 0
        values = self.gradients.steps(self.at)
        take_step = self._recorded() if self.record and stop - start > 1 else self._step(values)
        for step in range(start, stop - 1):
            if before:
                before(step)
            take_step()
            self.taken += 1
        if before:
            before(stop - 1)
        *gradients, losses = next(self.gradients.steps(self.at) if self.record else values)
        return losses, tuple(gradients)

    def _step(self, values: Iterator[tuple[Tensor, ...]]) -> Callable[[], None]:
        def take_step() -> None:
            *gradients, _ = next(values)
            self.gradients.assign(gradients)
            self.finish()
            self.at.add_(1)

        return take_step

    def _recorded(self) -> "Recorded":
        if self.gradients.changed(self.at) or self.recorded is None:
            self.recorded = Recorded(self._step(self.gradients.steps(self.at)))
        return self.recorded


class Recorded:
    """A function whose kernels are recorded after some calls and then replayed.

    Args:
        function: does the same at every call.
    """

    def __init__(self, function: Callable[[], None]) -> None:
        self.function, self.calls = function, 0
        self.graph: torch.cuda.CUDAGraph | None = None

    def __call__(self) -> None:
        """Call the function, or replay its kernels."""
        if self.calls == WARM_UP:
            self._capture()
        self.calls += 1
        if self.graph is None:
            self.function()
        else:
            self.graph.replay()

    def _capture(self) -> None:
        graph = torch.cuda.CUDAGraph()
        try:
            with torch.cuda.graph(graph):
                self.function()
            self.graph = graph
        except Exception as error:  # the user's optimiser may do anything
            warnings.warn(f"steps are not recorded: {first_line(error)}", stacklevel=2)
