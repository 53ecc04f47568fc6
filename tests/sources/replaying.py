"""A web server on loopback that answers as Socrata and ArcGIS do, from rows that a test may change between requests."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

FIELDS = ["stop_id", "stop_date", "race", "location"]
TYPES = ["text", "floating_timestamp", "text", "point"]


def stops(count: int) -> list[dict]:
    """Rows as Socrata sends them; every seventh has no race, and then no key for it."""
    rows = []
    for n in range(count):
        row = {
            ":id": f"row-{n:06d}",
            "stop_id": f"17-{n:06d}",
            "stop_date": f"2017-{1 + n % 12:02d}-{1 + n % 28:02d}T00:00:00.000",
            "race": "BLACK" if n % 3 else 'WHITE, "OTHER"',
            "location": {"type": "Point", "coordinates": [-93.2, 44.9]},
        }
        if n % 7 == 0:
            del row["race"]
        rows.append(row)
    return rows


class Replaying:
    """rows: what the source holds. before_answer: called with the number of the request. statuses: first answers' codes."""

    def __init__(self) -> None:
        self.rows = stops(25)
        self.fields, self.types = list(FIELDS), list(TYPES)
        self.statuses: list[int] = []
        self.before_answer: Callable[[int], None] = lambda number: None
        self.asked: list[dict[str, str]] = []
        self.body: bytes | None = None
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                params = {key: values[0] for key, values in parse_qs(parts.query).items()}
                outer.asked.append({**params, "path": parts.path, "token": self.headers.get("X-App-Token", "")})
                outer.before_answer(len(outer.asked))
                status = outer.statuses.pop(0) if outer.statuses else 200
                answer = outer.arcgis(parts.path, params) if "FeatureServer" in parts.path else outer.socrata(params)
                content = outer.body if outer.body is not None else json.dumps(answer).encode()
                self.send_response(status)
                if status == 429:
                    self.send_header("Retry-After", "7")
                if "FeatureServer" not in parts.path:
                    self.send_header("X-SODA2-Fields", json.dumps([":id", *outer.fields]))
                    self.send_header("X-SODA2-Types", json.dumps(["row_identifier", *outer.types]))
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def socrata(self, params: dict[str, str]) -> list[dict]:
        if params["$select"].startswith("count"):
            return [{"n": str(len(self.rows))}]
        rows = sorted(self.rows, key=lambda row: row[":id"])
        if "$where" in params:
            last = params["$where"].split("'")[1]
            rows = [row for row in rows if row[":id"] > last]
        return rows[: int(params["$limit"])]

    def arcgis(self, path: str, params: dict[str, str]) -> dict:
        if not path.endswith("/query"):
            return {
                "maxRecordCount": 10,
                "objectIdField": "OBJECTID",
                "fields": [
                    {"name": "OBJECTID", "type": "esriFieldTypeOID"},
                    {"name": "stop_date", "type": "esriFieldTypeDate"},
                    {"name": "race", "type": "esriFieldTypeString"},
                ],
            }
        if params.get("returnCountOnly"):
            return {"count": len(self.rows)}
        after = int(params["where"].split(">")[1].strip(" )")) if ">" in params["where"] else 0
        features = [
            {"attributes": {"OBJECTID": n, "stop_date": 1483228800000 + n * 86_400_000, "race": row.get("race")}}
            for n, row in enumerate(self.rows, 1)
            if n > after
        ]
        most = int(params["resultRecordCount"])
        return {"features": features[:most], "exceededTransferLimit": len(features) > most}
