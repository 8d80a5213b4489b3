"""Tracking on drawn trajectories: no number is lost, swapped or given twice."""

import math
import random

import pytest

from fer_hf.inference.tracking import MEMORY, SMOOTHING, Tracker

SIDE = 80  # of a face, pixels


def box(x, y, side=SIDE):
    return x - side / 2, y - side / 2, x + side / 2, y + side / 2


def follow(paths, times, hidden=lambda name, time: False, jitter=2.0, seed=0):
    """Track faces that move along `paths` {name: time -> (x, y)}; the numbers that each name was given, in order."""
    rng = random.Random(seed)
    tracker, given = Tracker(), {name: [] for name in paths}
    for time in times:
        seen = [name for name in paths if not hidden(name, time)]
        rng.shuffle(seen)
        places = {name: [edge + rng.gauss(0, jitter) for edge in box(*paths[name](time))] for name in seen}
        for name, number in zip(seen, tracker.update(time, [places[name] for name in seen]), strict=True):
            given[name].append(number)
    return given


def steady(rate, seconds=4.0):
    return [i / rate for i in range(int(rate * seconds))]


def uneven(seed, seconds=4.0):
    """Between 6 and 40 frames a second, at random."""
    rng, times, now = random.Random(seed), [], 0.0
    while now < seconds:
        times.append(now)
        now += rng.uniform(1 / 40, 1 / 6)
    return times


def stays(given):
    """Each face has one number, and no two faces the same."""
    numbers = [set(each) for each in given.values()]
    return all(len(each) == 1 for each in numbers) and len(set.union(*numbers)) == len(numbers)


@pytest.mark.parametrize("rate", [5, 10, 30])
def test_a_moving_face_keeps_its_number(rate):
    given = follow({"a": lambda t: (320 + 150 * math.sin(2 * t), 240 + 60 * math.cos(3 * t))}, steady(rate))
    assert set(given["a"]) == {1}


def test_four_faces_side_by_side_keep_their_numbers():
    paths = {
        name: lambda t, x=x: (x + 30 * math.sin(4 * t), 240)
        for name, x in zip("abcd", (100, 220, 340, 460), strict=True)
    }
    assert stays(follow(paths, steady(10)))


@pytest.mark.parametrize("seed", range(8))
def test_crossing_faces_keep_their_numbers(seed):
    paths = {"a": lambda t: (120 + 100 * t, 230), "b": lambda t: (520 - 100 * t, 250)}
    assert stays(follow(paths, uneven(seed), seed=seed))


@pytest.mark.parametrize("rate", [10, 15, 30])
@pytest.mark.parametrize("seed", range(4))
def test_crossing_behind_another_face_keeps_the_numbers(rate, seed):
    """While the faces overlap the detector sees only the one in front."""
    paths = {"front": lambda t: (100 + 110 * t, 235), "behind": lambda t: (540 - 110 * t, 245)}

    def hidden(name, time):
        return name == "behind" and abs(paths["front"](time)[0] - paths["behind"](time)[0]) < 0.7 * SIDE

    given = follow(paths, steady(rate), hidden, seed=seed)
    assert stays(given)
    assert len(given["behind"]) < len(given["front"])  # it was hidden


@pytest.mark.parametrize("seed", range(4))
def test_missed_detections_do_not_change_numbers(seed):
    rng = random.Random(seed)
    missed = {}
    given = follow(
        {"a": lambda t: (200 + 80 * t, 200), "b": lambda t: (450 - 30 * t, 330)},
        uneven(seed),
        lambda name, time: missed.setdefault((name, time), time > 0.5 and rng.random() < 0.4),
        seed=seed,
    )
    assert stays(given)


def test_a_face_that_comes_back_soon_is_the_same_and_later_a_new_one():
    for away, numbers in ((0.7 * MEMORY, {1}), (1.5 * MEMORY, {1, 2})):
        given = follow({"a": lambda t: (300, 200)}, steady(10), lambda name, time, away=away: 1 < time < 1 + away)
        assert set(given["a"]) == numbers


def test_a_new_face_elsewhere_does_not_take_the_number_of_one_that_left():
    given = follow(
        {"a": lambda t: (100, 200), "b": lambda t: (500, 200)},
        steady(10),
        lambda name, time: (time > 1) == (name == "a"),
    )
    assert (set(given["a"]), set(given["b"])) == ({1}, {2})


def test_a_much_larger_face_in_the_same_place_is_another():
    tracker = Tracker()
    assert tracker.update(0.0, [box(300, 200)]) == [1]
    assert tracker.update(0.1, [box(300, 200, 3 * SIDE)]) == [2]


def test_near_and_far_faces_are_followed_alike():
    for scale in (0.2, 1.0, 5.0):
        tracker = Tracker()
        numbers = [
            tracker.update(i / 10, [box(scale * (100 + 12 * i), 100 * scale, scale * SIDE)])[0] for i in range(30)
        ]
        assert set(numbers) == {1}


def test_the_estimate_follows_the_face():
    tracker = Tracker()
    for i in range(30):
        tracker.update(i / 10, [box(100 + 20 * i, 200)])
    track = tracker[1]
    assert track.velocity == pytest.approx([200, 0], abs=5)
    assert track.corners == pytest.approx(box(100 + 20 * 29, 200), abs=3)


def test_no_faces_and_none_again():
    tracker = Tracker()
    assert tracker.update(0.0, []) == []
    assert tracker.update(0.1, [box(50, 50)]) == [1]
    assert tracker.update(0.2, []) == []
    assert tracker.update(0.3 + MEMORY, []) == []
    assert tracker.tracks == []


@pytest.mark.parametrize("time", [0.5, 1.0, math.nan, math.inf])
def test_time_only_rises(time):
    tracker = Tracker()
    tracker.update(1.0, [])
    with pytest.raises(ValueError, match="time: expected more than"):
        tracker.update(time, [])


def smoothed(times, readings):
    tracker = Tracker()
    tracker.update(0.0, [box(100, 100)])
    return [tracker[1].smooth(time, reading) for time, reading in zip(times, readings, strict=True)]


def test_smoothing_does_not_depend_on_the_frame_rate():
    ends = []
    for rate in (5, 10, 50):
        times = [i / rate for i in range(rate + 1)]
        readings = [[1.0, 0.0]] + [[0.0, 1.0]] * rate  # a step at time 0
        ends.append(smoothed(times, readings)[-1][1])
    assert ends == pytest.approx([1 - math.exp(-1 / SMOOTHING)] * 3)


def test_smoothed_scores_still_sum_to_one_and_begin_with_the_first():
    rng = random.Random(0)
    readings = [[share, 1 - share] for share in (rng.random() for _ in range(50))]
    scores = smoothed(uneven(0, 60)[:50], readings)
    assert scores[0] == readings[0]
    assert [sum(row) for row in scores] == pytest.approx([1.0] * 50)


def test_two_trackers_share_nothing():
    one, other = Tracker(), Tracker()
    one.update(0.0, [box(100, 100)])
    assert other.update(0.0, [box(300, 300)]) == [1]
