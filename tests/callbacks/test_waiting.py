import io
import time
from contextlib import redirect_stderr

import pytest

from toysuper.callbacks.waiting import Waiting


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def shown(monkeypatch) -> None:
    monkeypatch.setattr(Waiting, "silent", False)  # which other tests have changed


@pytest.fixture(params=[io.StringIO, Terminal], ids=["file", "terminal"])
def screen(request) -> io.StringIO:
    return request.param()


def test_what_is_quick_says_nothing(screen: io.StringIO) -> None:
    with redirect_stderr(screen), Waiting("drawing"):
        pass
    assert screen.getvalue() == ""


def test_what_takes_long_is_named(screen: io.StringIO) -> None:
    with redirect_stderr(screen), Waiting("drawing plane", delay=0.01):
        time.sleep(0.3)
    said = screen.getvalue()
    assert "drawing plane …" in said
    if screen.isatty():
        assert "00:00" in said and said.rsplit("\r", 1)[-1].strip() == "", "and goes away"
    else:
        assert said == "drawing plane …\n"


def test_a_fault_ends_the_waiting() -> None:
    waiting = Waiting("drawing", delay=60)
    with pytest.raises(ZeroDivisionError), waiting:
        _ = 1 / 0
    assert not waiting.thread.is_alive()


def test_who_wants_no_bar_is_told_nothing(monkeypatch) -> None:
    screen = Terminal()
    monkeypatch.setattr(Waiting, "silent", True)
    with redirect_stderr(screen), Waiting("drawing", delay=0.01):
        time.sleep(0.1)
    assert screen.getvalue() == ""
