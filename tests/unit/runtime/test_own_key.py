"""The key by which the service calls others."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from services.runtime.keys.following import channel_to_flags, own_key
from services.runtime.keys.settings import KeySettings
from services.runtime.settings import SettingsError


def test_the_setting_goes_before_the_file(tmp_path: Path) -> None:
    """The file is what the flag service leaves in the home folder at its first start."""
    (tmp_path / "keys.json").write_text('{"internal": "from the file", "admin": "another"}')
    assert own_key(KeySettings(home=tmp_path)) == "from the file"
    assert own_key(KeySettings(home=tmp_path, internal_key=SecretStr("set"))) == "set"


@pytest.mark.parametrize("content", [None, "", "[]", "{}", '{"admin": "another"}', "no json"])
def test_without_a_key_the_setting_is_named(tmp_path: Path, content: str | None) -> None:
    """Whatever the file is like."""
    if content is not None:
        (tmp_path / "keys.json").write_text(content)
    with pytest.raises(SettingsError, match="MIRANTE_INTERNAL_KEY"):
        own_key(KeySettings(home=tmp_path))


async def test_a_missing_authority_is_named(tmp_path: Path) -> None:
    """Before anything is asked."""
    with pytest.raises(SettingsError, match="MIRANTE_FLAGS_CA"):
        async with channel_to_flags(KeySettings(home=tmp_path, flags_ca=tmp_path / "nowhere.pem")):
            pass
