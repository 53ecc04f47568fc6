"""Police data in any publisher's format becomes one vocabulary, with every rejected row and its reasons kept."""

from comity.records.checking import CheckReport, check
from comity.records.counting import count, mean_location
from comity.records.mapping import Mapping, MappingError, parse_mapping, read_mapping
from comity.records.reading import SourceError
from comity.records.standardise import Accounting, RefusedError, StandardisedRecords, open_records, standardise
from comity.records.vocabulary import NOT_RECORDED, Code, Column, RecordType, record_types

__all__ = [
    "NOT_RECORDED",
    "Accounting",
    "CheckReport",
    "Code",
    "Column",
    "Mapping",
    "MappingError",
    "RecordType",
    "RefusedError",
    "SourceError",
    "StandardisedRecords",
    "check",
    "count",
    "mean_location",
    "open_records",
    "parse_mapping",
    "read_mapping",
    "record_types",
    "standardise",
]
