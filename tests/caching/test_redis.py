"""The shared cache asks Redis by one client, not by one for each command."""

from ecfr_site.caching.redis import SharedCache


def test_commands_are_sent_by_the_same_client():
    client = SharedCache("redis://127.0.0.1:9", {})._cache
    assert client.get_client("a") is client.get_client("b")
    assert client.get_client("a", write=True) is client.get_client("b", write=True)
