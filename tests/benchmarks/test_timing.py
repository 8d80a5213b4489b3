"""Tasks that take turns, and a time against its limit."""

from benchmarks.timing import WARM_UPS, against, interleaved


def test_ratio_and_limit():
    assert against(0.05, 0.5, 1 / 8) == {"milliseconds": 50, "ratio": 0.1, "limit": 0.125, "met": True}
    assert against(0.5, 0.5, 0.8)["met"] is False
    assert against(0.5, 0.5, None)["met"] is None


def test_tasks_take_turns():
    calls = []
    seconds = interleaved({"one": lambda: calls.append(1), "two": lambda: calls.append(2)}, rounds=3)
    assert calls == [1, 2] * (3 + WARM_UPS)
    assert seconds.keys() == {"one", "two"}
