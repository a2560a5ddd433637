"""What the browser client is told to expect on `/ws/metrics` is what the gateway says."""

from tests.support.live_messages import FILE, in_typescript, live_messages


def test_the_types_of_the_browser_client_are_held_against_what_the_gateway_says() -> None:
    """The module of messages, which its type check reads, is made of the gateway's own."""
    messages = live_messages()
    assert [each["type"] for each in messages] == ["snapshot", "frame", "stale", "waiting"]
    assert FILE.read_text(encoding="utf-8") == in_typescript(messages), "write it anew: see tests.support.live_messages"
