"""How much a pickle unpacks to, found without unpacking it."""

from collections.abc import Sequence
from pickletools import genops, markobject


def expanded_size(content: bytes) -> int:
    """Count the objects of a pickle, a shared one at each use.

    A tuple of two references to a tuple of two references to … has few bytes, and takes for ever to
    hash or to compare.

    Args:
        content: the pickle.

    Raises:
        IndexError: it is no pickle.

    >>> from pickle import dumps
    >>> pair = (1, 2)
    >>> expanded_size(dumps((pair, pair))) > expanded_size(dumps((pair, 3)))
    True
    """
    stack: list[int | None] = []  # sizes; None is a mark
    memo: dict[object, int] = {}
    largest = 0
    for opcode, argument, _ in genops(content):
        if opcode.name == "MEMOIZE" or opcode.name.endswith("PUT"):
            memo[len(memo) if argument is None else argument] = stack[-1] or 0
        elif opcode.name.endswith("GET"):
            stack.append(memo.get(argument, 1))
        elif opcode.name == "MARK":
            stack.append(None)
        else:
            size = 1 + _pop(stack, opcode.stack_before)
            largest = max(largest, size)
            stack += [size] * len(opcode.stack_after)
    return largest


def _pop(stack: list[int | None], before: Sequence[object]) -> int:
    """Take from the stack what an operation takes, and add up its sizes."""
    total = 0
    if markobject in before:
        while (size := stack.pop()) is not None:
            total += size
        before = before[: list(before).index(markobject)]
    return total + sum(stack.pop() or 0 for _ in before)
