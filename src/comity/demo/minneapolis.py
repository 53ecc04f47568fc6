"""Makes the Minneapolis instance once, publishes it, and afterwards finds it as it was left."""

from __future__ import annotations

import shutil
from datetime import date
from importlib.resources import as_file, files
from pathlib import Path

from comity.instance.create import create_instance
from comity.instance.publish import Progress, Published, publish, republished


def publish_demo(folder: Path, *, today: date, progress: Progress = lambda step, share: None) -> Published:
    """The demo in `folder`: made and published the first time; verified and left as it is afterwards.

    Raises what `create_instance` and `publish` raise; a folder that is something else is never touched.
    """
    if (folder / "public").exists():
        return republished(folder)
    if not (folder / "comity.toml").exists():
        create_instance(folder, origin="comity-demo/minneapolis-2017", template="comity.demo")
        for part in ("sources", "data"):
            with as_file(files("comity.demo") / part) as shipped:
                shutil.copytree(shipped, folder / "sources", dirs_exist_ok=True)
    return publish(folder, today=today, progress=progress)
