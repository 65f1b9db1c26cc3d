"""Settings: one frozen value, read once by `cli` and `app`; everyone else is handed what he needs."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

DEFAULT_TENANT = "default"  # the company of whoever names none


@dataclass(frozen=True, slots=True)
class Settings:
    """How a server runs. The sentences are the help texts of the command and the reference."""

    data_dir: Path = field(metadata={"help": "Directory that holds the database; made when missing."})
    host: str = field(default="127.0.0.1", metadata={"help": "Address to listen on."})
    port: int = field(default=8080, metadata={"help": "Port to listen on."})
    rate_limit: str = field(
        default="100/10", metadata={"help": "Requests per seconds for each client and API version, or 'off'."}
    )
    non_employee_limits: str = field(
        default="",
        metadata={
            "help": "Limits of non-employees that differ from ISC's, as in custom_attributes=20,expiring_days=14: "
            "custom_attributes, approvers, account_managers, comment, value, bulk_delete, rows, expiring_days."
        },
    )
    query_mode: str = field(
        default="default",
        metadata={"help": "How queries are read: 'default', or 'elasticsearch' for its behaviour in every respect."},
    )
    word_split: str = field(
        default="",
        metadata={
            "help": "What an unquoted foo-bar means: 'phrase' (both words, in a row; the default mode) or 'or' "
            "(one of them; Elasticsearch)."
        },
    )
    precedence: str = field(
        default="lucene",
        metadata={"help": "AND beside OR without parentheses: read as 'lucene' does, or refused ('strict')."},
    )
