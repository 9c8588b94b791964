import pytest
import torch

from toysuper import names
from toysuper.errors import UserError
from toysuper.names import PerInstanceFunction, importing_only, resolve


def test_names_are_resolved_once_when_the_module_is_made(monkeypatch) -> None:
    module = PerInstanceFunction(["relu", "abs", "relu"])
    monkeypatch.setattr(names, "resolve", lambda *_: pytest.fail("resolved again"))
    assert module(-torch.ones(3, 1, 1)).flatten().tolist() == [0, 1, 0]
    assert list(module.state_dict()) == []


def test_a_single_name_applies_to_all_instances() -> None:
    z = torch.randn(3, 2, 4)
    assert torch.equal(PerInstanceFunction(["relu"])(z), torch.relu(z))


def test_dotted_paths_lead_only_into_allowed_packages() -> None:
    with importing_only([]):
        assert resolve("torch.special.erf", "activation") is torch.special.erf
        with pytest.raises(UserError, match=r"may not name 'math.sqrt'; .* add --allow math"):
            PerInstanceFunction(["math.sqrt"], "activation")
    assert callable(resolve("math.sqrt", "activation"))


@pytest.mark.parametrize("name", ["rellu", "Tensor", "torch.nn.ReLU", "math.nothing", "a.b c"])
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(UserError, match=f"activation '{name}' is not a function of"):
        PerInstanceFunction([name], "activation")
