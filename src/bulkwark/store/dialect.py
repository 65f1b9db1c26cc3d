"""The one door from the store's nouns to the room that knows a database.

Today that is SQLite; a second dialect offers the same names and is chosen here. An import contract
keeps every other file out of `store/sqlite`.
"""

from bulkwark.store.sqlite import index, inner, order, rows, scores, staging, typeahead
from bulkwark.store.sqlite.aggregations import Aggregator
from bulkwark.store.sqlite.engine import Database, Row, Session, Turn
from bulkwark.store.sqlite.leisure import Traffic
from bulkwark.store.sqlite.migrate import migrate
from bulkwark.store.sqlite.relevance import Statistics
from bulkwark.store.sqlite.select import Selector
from bulkwark.store.sqlite.sets import Sql
from bulkwark.store.sqlite.staging import StagingFile
from bulkwark.store.sqlite.waiting import GaveWay, Patience

__all__ = [
    "Aggregator",
    "Database",
    "GaveWay",
    "Patience",
    "Row",
    "Selector",
    "Session",
    "Sql",
    "StagingFile",
    "Statistics",
    "Traffic",
    "Turn",
    "index",
    "inner",
    "migrate",
    "order",
    "rows",
    "scores",
    "staging",
    "typeahead",
]
