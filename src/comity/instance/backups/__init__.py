"""Backups of a whole instance: taken at one moment, encrypted for whoever keeps them, and proved by restoring them."""

from comity.instance.backups.archive import BackupError
from comity.instance.backups.make import Backup, back_up, last_backup
from comity.instance.backups.restore import Restored, restore

__all__ = ["Backup", "BackupError", "Restored", "back_up", "last_backup", "restore"]
