"""Hooks that do their own work where a subclass overrides them, with or without ``super()``."""

from collections.abc import Callable
from functools import partial, wraps
from typing import Any


def kept(hook: Callable) -> Callable:
    """Mark a hook of a base class whose work a subclass cannot leave out.

    Lightning's own hooks are empty, so that nobody calls ``super()`` in one of them.

    >>> class Base:
    ...     def __init_subclass__(cls):
    ...         keep_hooks(cls)
    ...
    ...     @kept
    ...     def setup(self):
    ...         print("base")
    >>> class Mine(Base):
    ...     def setup(self):
    ...         print("mine")
    >>> Mine().setup()
    base
    mine
    """

    @wraps(hook)
    def unless_done(self: Any, *args: Any, **kwargs: Any) -> Any:
        done = _done(self)
        return done[hook.__name__] if hook.__name__ in done else hook(self, *args, **kwargs)

    unless_done.root = unless_done
    return unless_done


def keep_hooks(kind: type) -> None:
    """Let each hook of a subclass, or of a mixin before it, do the work of the base class first.

    Args:
        kind: a subclass, from its ``__init_subclass__``.
    """
    bases = reversed(kind.__mro__)
    roots = {k: f.root for base in bases for k, f in vars(base).items() if hasattr(f, "root")}
    for name, root in roots.items():
        own = getattr(kind, name)
        if not hasattr(own, "root"):
            setattr(kind, name, _after(root, own))


def keep_hook(owner: Any, name: str, value: Any) -> Any:
    """Return what to set in place of a hook of one object, which does the class's work first.

    Args:
        owner: has hooks that are kept.
        name: of the attribute.
        value: what would be set.
    """
    root = getattr(getattr(type(owner), name, None), "root", None)
    if root is None:
        return value
    return partial(_after(root, lambda _, *args, **kwargs: value(*args, **kwargs)), owner)


def _after(root: Callable, own: Callable) -> Callable:
    @wraps(own)
    def both(self: Any, *args: Any, **kwargs: Any) -> Any:
        done = _done(self)
        if root.__name__ in done:  # called by super()
            return own(self, *args, **kwargs)
        done[root.__name__] = root(self, *args, **kwargs)
        try:
            return own(self, *args, **kwargs)
        finally:
            del done[root.__name__]

    both.root = root
    return both


def _done(owner: Any) -> dict[str, Any]:
    """Results of the hooks whose work is done, while the subclass does its own."""
    return vars(owner).setdefault("_done_hooks", {})
