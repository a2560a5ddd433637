"""Who waits: bounded, in rounds, with room for whoever comes next."""

from services.telemetry.ingestion.rounds import Rounds, Turn


def turn(name: str) -> Turn:
    """Return a tenant's turn."""
    return ("production", name)


def filled(rounds: Rounds[str], name: str) -> int:
    """Add one byte after the other until there is no room; return how many there were."""
    count = 0
    while rounds.has_room(turn(name), 1):
        rounds.add(turn(name), name, 1)
        count += 1
    return count


def test_bursts_leave_room_for_whoever_comes_next() -> None:
    """One burst takes half, the next one half of what that left; however many there are, one more gets in."""
    rounds: Rounds[str] = Rounds(1_000)
    shares = [filled(rounds, f"tenant {number}") for number in range(5)]
    assert shares == [500, 250, 125, 63, 31]
    assert rounds.has_room(turn("new"), 10)


def test_everybody_gives_one_a_round() -> None:
    """What one has added first goes first; what left frees its room."""
    rounds: Rounds[str] = Rounds(100)
    for number in range(3):
        rounds.add(turn("a"), f"a{number}", 10)
    rounds.add(turn("b"), "b", 20)
    assert rounds.first() == "a0"
    assert [rounds.take() for _ in range(4)] == ["a0", "b", "a1", "a2"]
    assert not rounds
    assert rounds.bytes == 0
    assert rounds.has_room(turn("a"), 100)
