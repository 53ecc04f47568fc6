"""A table or query of a database: PostgreSQL, SQL Server or Oracle, each by its vendor's or community's own driver.

The address is a setting without its password: that stands in an environment variable which the address names, such as
postgresql://reader:$RMS_PASSWORD@records.example.gov/rms.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import closing
from importlib import import_module
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from comity.sources.pages import Column, Page, SourceRefused

DRIVERS = {
    "postgresql": ("psycopg", "comity[postgresql]"),
    "sqlserver": ("mssql_python", "mssql-python"),
    "oracle": ("oracledb", "oracledb"),
}
_SECRET = re.compile(r"\$([A-Z][A-Z0-9_]*)")


class Database:
    """One reading of `query`, in the order that it states itself; read in one transaction where the driver has them."""

    def __init__(self, address: str, query: str, *, page_rows: int) -> None:
        self._rows = page_rows
        self._query = query if " " in query.strip() else f"SELECT * FROM {_checked_name(query)}"
        self._connection = _connect(address)
        try:
            self._cursor = self._connection.cursor()
            self._cursor.execute(self._query)
        except Exception as problem:
            self._connection.close()
            raise SourceRefused(
                f"The database refused the query: {_first_line(problem)}.", "Check query in [sources] of comity.toml."
            ) from None
        self.columns: Sequence[Column] = [Column(each[0], str(each[1])) for each in self._cursor.description or ()]

    def expected_rows(self) -> int | None:
        return None

    def pages(self) -> Iterator[Page]:
        with closing(self._connection):
            while True:
                try:
                    found = self._cursor.fetchmany(self._rows)
                except Exception as problem:
                    raise SourceRefused(
                        f"The database stopped answering: {_first_line(problem)}.", "Nothing was changed. Try again."
                    ) from None
                if not found:
                    return
                rows = [[_text(value) for value in row] for row in found]
                yield Page(rows, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode())


def _connect(address: str) -> Any:
    def secret(match: re.Match[str]) -> str:
        try:
            return quote(os.environ[match[1]], safe="")
        except KeyError:
            raise SourceRefused(
                f"The environment has no {match[1]}, which the address of the database names.",
                f"Set it before the command: {match[1]}=... comity fetch",
            ) from None

    parts = urlsplit(_SECRET.sub(secret, address))
    if parts.scheme not in DRIVERS:
        raise SourceRefused(
            f"A database of scheme '{parts.scheme}' cannot be read.", f"Use one of: {', '.join(DRIVERS)}."
        )
    module, package = DRIVERS[parts.scheme]
    try:
        driver = import_module(module)
    except ImportError:
        raise SourceRefused(
            f"Reading {parts.scheme} needs a driver that is not installed.", f"Install it with: pip install '{package}'"
        ) from None
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    name = parts.path.strip("/")
    try:
        if parts.scheme == "postgresql":
            return driver.connect(
                host=parts.hostname,
                port=parts.port or 5432,
                user=user,
                password=password,
                dbname=name,
                connect_timeout=30,
            )
        if parts.scheme == "oracle":
            return driver.connect(user=user, password=password, dsn=f"{parts.hostname}:{parts.port or 1521}/{name}")
        return driver.connect(
            f"SERVER={parts.hostname},{parts.port or 1433};DATABASE={name};UID={user};PWD={{{password}}};Encrypt=yes"
        )
    except Exception as problem:
        said = _first_line(problem)
        raise SourceRefused(
            f"The database at {parts.hostname} cannot be opened: {said.replace(password, '...') if password else said}.",
            "Check url in [sources] of comity.toml, and whether the database allows this machine.",
        ) from None


def _checked_name(table: str) -> str:
    if not re.fullmatch(r'"?[\w$]+"?(\."?[\w$]+"?){0,2}', table.strip()):
        raise SourceRefused(f"'{table}' is not the name of a table.", "Write schema.table, or a whole SELECT.")
    return table.strip()


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat(sep=" ") if hasattr(value, "utcoffset") and hasattr(value, "year") else str(value)


def _first_line(problem: BaseException) -> str:
    return (str(problem).strip().splitlines() or [type(problem).__name__])[0].rstrip(".")[:200]
