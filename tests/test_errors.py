"""What is said of an error."""

import json

from toysuper.errors import describe_fault


def test_a_fault_is_in_the_users_own_line_and_not_in_a_library() -> None:
    try:
        json.loads("")
    except ValueError as error:
        sentence = describe_fault("mine", error)
    assert sentence.startswith("mine raised JSONDecodeError: ")
    assert sentence.endswith(f"({__file__}, line 10)")


def test_without_a_line_of_ones_own_the_librarys_is_named() -> None:
    code = compile("import json; json.loads('')", "<string>", "exec")
    namespace = {"__file__": "x"}
    try:
        eval(code, namespace)
    except ValueError as error:
        error.__traceback__ = error.__traceback__.tb_next.tb_next  # type: ignore[union-attr]
        sentence = describe_fault("mine", error)
    assert "json" in sentence.split("(")[-1] and "decoder.py" in sentence
