"""Where the processes of one server keep their counts for each other, as long as it runs."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def shared_counts() -> Iterator[None]:
    """A folder for prometheus_client, named in the environment before it is imported; removed by who made it."""
    folder = tempfile.mkdtemp(prefix="comity-metrics-")
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
    maker = os.getpid()
    try:
        yield
    finally:
        if os.getpid() == maker:  # a worker ends here too
            shutil.rmtree(folder, ignore_errors=True)
