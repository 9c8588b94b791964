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
