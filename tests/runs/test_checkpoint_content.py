"""Whatever users keep in a checkpoint, it can be read again."""

import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests._run import check, data, module
from toysuper.errors import UserError
from toysuper.models import ReLUOutputModel
from toysuper.runs.checkpoint_archive import load_archive
from toysuper.runs.checkpoint_content import readable
from toysuper.runs.checkpoints import AtomicCheckpointIO

GRID = torch.arange(12.0).view(3, 4)
WEIGHTS = {"state_dict": {"W": GRID}, "global_step": 3}


def through_a_file(folder: Path, **more: Any) -> dict[str, Any]:
    AtomicCheckpointIO(folder).save_checkpoint({**WEIGHTS, **more}, folder / "it.ckpt")
    content = load_archive(folder / "it.ckpt")
    assert torch.equal(content["state_dict"]["W"], GRID)
    return content


@pytest.mark.parametrize(
    ("value", "again"),
    [
        (np.float64(0.5), 0.5),
        ({"best": np.int64(3), 2: (np.bool_(True),)}, {"best": 3, 2: (True,)}),
        ([1, None, 2**70, {"a": "text"}], [1, None, 2**70, {"a": "text"}]),
    ],
)
def test_plain_values_come_back(value: Any, again: Any, tmp_path: Path) -> None:
    back = through_a_file(tmp_path, mine=value)["mine"]
    assert back == again
    assert repr(back) == repr(again)  # no number of numpy


@pytest.mark.parametrize("tensor", [GRID.mT, GRID[:, ::2], GRID[:, :1].expand(3, 4), GRID[1]])
def test_views_come_back(tensor: torch.Tensor, tmp_path: Path) -> None:
    content = through_a_file(tmp_path, callbacks={"Mine": {"seen": tensor}})
    assert torch.equal(content["callbacks"]["Mine"]["seen"], tensor)


@pytest.mark.parametrize(
    "value", [{1, 2}, b"x", Path("."), torch.float32, 1j, Counter("a"), {"at": [np.ones(2)]}]
)
def test_what_cannot_be_read_is_left_out_and_named(value: Any, tmp_path: Path) -> None:
    states = {"Theirs": {"a": 1}, "Mine": {"best": value}}
    with pytest.warns(UserWarning, match=r"out callbacks\.Mine: .*Mine\.best.* is a"):
        content = through_a_file(tmp_path, callbacks=states, lr_schedulers=[])
    assert content["callbacks"] == {"Theirs": {"a": 1}}
    with pytest.warns(UserWarning, match="leave out mine: mine"):
        assert "mine" not in through_a_file(tmp_path, mine=value)
    with pytest.warns(UserWarning, match="leave out lr_schedulers"):
        assert through_a_file(tmp_path, lr_schedulers=[{"x": value}])["lr_schedulers"] == []


def test_a_checkpoint_of_plain_values_stays_as_it_is() -> None:
    with warnings.catch_warnings(action="error"):
        assert readable(dict(WEIGHTS)) == WEIGHTS


def test_parameters_and_buffers_are_never_left_out() -> None:
    class Sparse(ReLUOutputModel):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.register_buffer("mask", torch.eye(3).to_sparse())

    world = data()
    with pytest.raises(UserError, match=r"variant\.mask is a sparse tensor .* persistent=False"):
        check(module(world, Sparse).variant, world)
