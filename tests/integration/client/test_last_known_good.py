"""A client with a cache directory: starts without servers, and says that it did."""

import dataclasses
from pathlib import Path

from mirante import ClientState, EvaluationError, Mirante

from tests.integration.client.conftest import QUICK, Connect
from tests.support.eventually import eventually
from tests.support.fake_flag_service import KEY, FakeFlagService
from tests.support.flag_messages import bool_flag


def remember(service: FakeFlagService, folder: Path) -> None:
    """Run a client to its end, so that it leaves its rules on disk."""
    with Mirante(service.address, api_key=KEY, cache_dir=folder, timing=QUICK) as client:
        assert client.wait_until_ready(30)


def test_a_start_without_the_service(service: FakeFlagService, connect: Connect, tmp_path: Path) -> None:
    """Answers come from disk and are marked; once the service is back they are current without a restart."""
    service.put(bool_flag("a", 2, killed=True))
    remember(service, tmp_path)
    service.stop()
    client = connect(cache_dir=tmp_path)
    answer = client.details("a")
    assert (answer.value, answer.revision, answer.stale, answer.error) == (False, 2, True, None)
    assert client.status.state is ClientState.STALE
    assert client.wait_until_ready(0) is False
    assert client.details("unseen").error is EvaluationError.FLAG_NOT_FOUND
    service.flags["a"], service.revision = bool_flag("a", 3), 3
    service.start()
    assert client.wait_until_ready(30)
    fresh = client.details("a")
    assert (fresh.value, fresh.revision, fresh.stale) == (True, 3, False)


def test_rules_from_disk_are_confirmed(service: FakeFlagService, connect: Connect, tmp_path: Path) -> None:
    """The client subscribes with what it found, and "you are current" is enough to trust it."""
    remember(service, tmp_path)
    client = connect(cache_dir=tmp_path)
    assert client.wait_until_ready(30)
    assert service.subscribes[1].resume_token == b"a/1"
    assert client.details("a").stale is False


def test_changes_are_saved_while_running(service: FakeFlagService, connect: Connect, tmp_path: Path) -> None:
    """A process that is killed later has left its rules on disk."""
    client = connect(cache_dir=tmp_path)
    assert client.wait_until_ready(30)
    service.put(bool_flag("b"))
    assert eventually(lambda: any(b"b-salt" in file.read_bytes() for file in tmp_path.glob("*.snapshot")))


def test_saving_is_bounded(service: FakeFlagService, connect: Connect, tmp_path: Path) -> None:
    """A burst of changes is written once, and closing writes what is left."""
    client = connect(cache_dir=tmp_path, timing=dataclasses.replace(QUICK, save_every=3600))
    assert client.wait_until_ready(30)
    for version in range(2, 22):
        service.put(bool_flag("a", version))
    assert eventually(lambda: client.status.revision == 21)
    assert list(tmp_path.iterdir()) == []
    client.close()
    (file,) = tmp_path.iterdir()
    assert b'"revision": 21' in file.read_bytes().splitlines()[0]


def test_a_damaged_file_is_as_good_as_none(service: FakeFlagService, connect: Connect, tmp_path: Path) -> None:
    """The client starts empty, and replaces the file."""
    remember(service, tmp_path)
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:-3])
    client = connect(cache_dir=tmp_path)
    assert client.wait_until_ready(30)
    assert service.subscribes[1].resume_token == b""
    client.close()
    service.stop()
    assert connect(cache_dir=tmp_path).details("a").value is True


def test_an_older_service_cannot_undo_what_is_on_disk(
    service: FakeFlagService, connect: Connect, tmp_path: Path
) -> None:
    """Also after a restart revisions never go back within a lineage."""
    service.put(bool_flag("a", 2, killed=True))
    remember(service, tmp_path)
    service.flags["a"], service.revision = bool_flag("a", 1), 1
    client = connect(cache_dir=tmp_path)
    assert eventually(lambda: len(service.subscribes) > 3)
    assert client.is_enabled("a") is False
    assert client.status.state is ClientState.STALE
