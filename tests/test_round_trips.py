"""What a config says comes back from every file that says it again."""

import contextlib
import tempfile
from pathlib import Path
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tests._run import toysuper
from toysuper.runs.saved_config import flatten

numbers = st.floats(0.01, 1.0)
curves = st.builds(
    lambda name, args: {"class_path": f"toysuper.data.curves.{name}", "init_args": args},
    st.sampled_from(["LinSpace", "LogSpace"]),
    st.fixed_dictionaries({"start": numbers, "stop": numbers, "num": st.integers(1, 5)}),
)
axes = st.lists(numbers, min_size=1, max_size=3, unique=True) | curves
variants = st.builds(
    lambda name, args: {"class_path": f"toysuper.models.{name}", "init_args": args},
    st.sampled_from(["ReLUOutputModel", "LinearModel", "ReLUHiddenModel"]),
    st.fixed_dictionaries({"hidden": st.integers(1, 4)}, optional={"init": numbers}),
)
configs = st.fixed_dictionaries(
    {
        "model": st.fixed_dictionaries(
            {"variant": variants},
            optional={
                "jit": st.booleans(),
                "lr": numbers,
                "clip": numbers,
                "schedule": st.sampled_from(["constant", "linear", "cosine"]),
            },
        ),
        "data": st.fixed_dictionaries(
            {"n": st.integers(4, 9)},
            optional={
                "density": numbers,
                "grid": st.dictionaries(st.sampled_from(["density", "importance[0]"]), axes),
                "seed": st.integers(0, 2**31),
                "task": st.sampled_from(["abs", "identity"]),
            },
        ),
        "trainer": st.fixed_dictionaries({"max_steps": st.integers(1, 10**6)}),
    }
)


def resolved(config: Any) -> dict[str, Any]:
    """The whole config that the command line makes of a part of one."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "some.yaml").write_text(yaml.safe_dump(config))
        said = toysuper("fit", "--config", "some.yaml", "--print_config", cwd=Path(folder))
    assert said.returncode == 0, said.stderr
    return yaml.safe_load(said.stdout)


@settings(max_examples=6, deadline=None)
@given(configs)
def test_a_resolved_config_says_what_was_given_and_resolves_to_itself(config: Any) -> None:
    with contextlib.chdir("/"):
        whole = resolved(config)
        said, given = flatten(whole, "config"), flatten(config, "config")
        assert {key: said.get(key) for key in given} == given
        assert resolved(whole) == whole
