"""Where records come from: pulled from open-data portals, databases or a watched folder, with every silent change said aloud."""

from comity.sources.fetching import Fetched, accept, fetch
from comity.sources.history import Fetch, read_history
from comity.sources.settings import SourceSettings, read_sources

__all__ = ["Fetch", "Fetched", "SourceSettings", "accept", "fetch", "read_history", "read_sources"]
