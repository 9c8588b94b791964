from functools import wraps

import pytest
import torch
from torch.optim.optimizer import register_optimizer_step_post_hook

from toysuper.engine import update_of


def weights(step_of, make) -> torch.Tensor:
    weight = torch.arange(3.0, requires_grad=True)
    optimizer = make([weight])
    with torch.no_grad():
        step = step_of(optimizer)
        for k in range(5):
            weight.grad = torch.cos(weight + k)
            step()
    return weight.detach()


@pytest.mark.parametrize("name", ["SGD", "Adam", "AdamW", "RMSprop", "Adagrad", "NAdam"])
def test_the_update_is_the_optimisers(name: str) -> None:
    kind = getattr(torch.optim, name)

    def make(parameters):
        return kind(parameters, lr=0.1)

    assert torch.equal(weights(update_of, make), weights(lambda optimizer: optimizer.step, make))


def test_hooks_are_called() -> None:
    weight = torch.ones(1, requires_grad=True)
    optimizer = torch.optim.SGD([weight], lr=0.1)
    seen: list[int] = []
    optimizer.register_step_post_hook(lambda *_: seen.append(1))
    update_of(optimizer)()
    assert seen == [1]


def test_hooks_of_all_optimisers_are_called() -> None:
    weight = torch.ones(1, requires_grad=True)
    seen: list[int] = []
    handle = register_optimizer_step_post_hook(lambda *_: seen.append(1))
    update_of(torch.optim.SGD([weight], lr=0.1))()
    handle.remove()
    assert seen == [1]


def test_what_others_put_around_a_step_stays() -> None:
    seen: list[int] = []

    def noted(step):
        @wraps(step)
        def wrapper(*args):
            seen.append(1)
            return step(*args)

        return wrapper

    class Noted(torch.optim.SGD):
        step = noted(torch.optim.SGD.step)

    weight = torch.ones(1, requires_grad=True)
    with torch.no_grad():
        update_of(Noted([weight], lr=0.1))()
    assert seen == [1]
