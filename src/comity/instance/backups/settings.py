"""Reads [backup] of `comity.toml`: where backups go, who may open them, and how many stay."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path

from comity.instance.settings import SETTINGS_FILE, SettingsError


@dataclass(frozen=True)
class BackupSettings:
    """to: folder. recipients: public keys of age. keep: how many backups stay there, 0 for all."""

    to: str = ""
    recipients: tuple[str, ...] = ()
    keep: int = 14


def read_backup_settings(folder: Path) -> BackupSettings:
    """[backup] of the instance in `folder`; without one, what is usual. Raises SettingsError."""
    raw = tomllib.loads((folder / SETTINGS_FILE).read_text(encoding="utf-8")).get("backup", {})
    kinds = {"to": str, "recipients": list, "keep": int}
    for key, value in raw.items():
        if not isinstance(value, kinds.get(key, ())) or isinstance(value, bool):
            known = ", ".join(each.name for each in fields(BackupSettings))
            raise SettingsError(
                f"[backup] of {SETTINGS_FILE} has {key} = {value!r}, which it cannot have.",
                f"It may have: {known}; recipients is a list of public keys of age.",
            )
    return BackupSettings(raw.get("to", ""), tuple(raw.get("recipients", ())), raw.get("keep", 14))
