"""The referee's mapping, written by hand from the search documents; nothing of it is read from `src/`.

Kinds: `text` is cut at Unicode word breaks and lower-cased, and has the whole value with case under `.exact`;
`keyword` is the whole value without case, ids also without the hyphens of a UUID. Nested arrays are also found from the
root (`include_in_root`), which is our documented extension. A field that is missing here makes indexing fail
(`dynamic: strict`).

The analyzer is Lucene's `standard` with what docs/reference/differences.md says of words: a colon always splits, a
final sigma is a plain one, and emoji are no words.
"""

from __future__ import annotations

from typing import Any

Mapping = dict[str, Any]

STANDS_IN_ALL = ("_type", "type", "pod", "org")  # a bare term does not look there

_ACCESS = """
keyword id owner.id additionalOwners.id segments.id
text name description owner.name tags
date created modified synced
boolean requestable
long segmentCount
"""
_PROFILE = (
    _ACCESS
    + """
keyword source.id
text source.name owner.type owner.email
boolean enabled requestCommentsRequired
long entitlementCount
"""
)
_ENTITLEMENT = (
    _ACCESS
    + """
keyword source.id source.type hash privilegeLevel.direct
text displayName source.name attribute value sourceSchemaObjectType schema
boolean cloudGoverned privileged containsDataAccess
"""
)
_ROLE = (
    _ACCESS
    + """
text owner.type owner.email segments.name
boolean enabled requestCommentsRequired dimensional
long accessProfileCount entitlementCount dimensionSchemaAttributeCount
"""
)
_IDENTITY = """
keyword id manager.id identityProfile.id source.id
text name displayName firstName lastName email phone employeeNumber status processingState alias
text manager.name manager.displayName identityProfile.name source.name tags visibleSegments
date created modified synced
boolean inactive protected correlated disabled locked isManager
long accountCount appCount accessCount entitlementCount roleCount accessProfileCount ownsCount tagsCount tagCount
long visibleSegmentCount
"""
_EVERY = "keyword _type type pod org"
_METADATA = "text key value"
_ACCESS_OF = """
keyword id type source.id owner.id
text name displayName description attribute value schema source.name owner.name owner.displayName
boolean privileged standalone disabled revocable enabled requestable requestCommentsRequired cloudEligible cloudGoverned
"""
_ACCOUNT = """
keyword id source.id
text name accountId source.name source.type
boolean disabled locked privileged manuallyCorrelated supportsPasswordChange
date created passwordLastSet
"""
_APP = """
keyword id source.id account.id
text name source.name account.accountId
"""

NESTED: dict[str, dict[str, str]] = {
    "roles": {"entitlements": _ENTITLEMENT, "accessProfiles": _PROFILE, "accessModelMetadata": _METADATA},
    "accessprofiles": {"entitlements": _ENTITLEMENT, "accessModelMetadata": _METADATA},
    "entitlements": {"accessModelMetadata": _METADATA},
    "identities": {"access": _ACCESS_OF, "accounts": _ACCOUNT, "apps": _APP},
}
ROOT = {"roles": _ROLE, "accessprofiles": _PROFILE, "entitlements": _ENTITLEMENT, "identities": _IDENTITY}
OPEN = {"entitlements": "attributes", "identities": "attributes"}  # below it any name is text
OPEN_NESTED = {"identities": ("accounts.accountAttributes", "accounts.entitlementAttributes")}

EXACT = {"type": "keyword"}
WHOLE = {"type": "keyword", "normalizer": "folded"}
ID = {"type": "keyword", "normalizer": "id"}
TYPES: dict[str, Mapping] = {
    "keyword": WHOLE | {"fields": {"exact": WHOLE, "stored": {"type": "keyword"}}},
    "id": ID | {"fields": {"exact": ID}},
    "text": {"type": "text", "analyzer": "words", "fields": {"exact": EXACT}},
    "date": {"type": "date", "format": "strict_date_optional_time||epoch_millis"},
    "boolean": {"type": "boolean"},
    "long": {"type": "long"},
}
ANALYSIS = {
    "char_filter": {
        "apart": {"type": "mapping", "mappings": [": => \\u0020", "\\uFF1A => \\u0020"]},
        "signs": {"type": "pattern_replace", "pattern": "[\\p{So}〰゠♯↔‼⁉]", "replacement": " "},
        "uuid": {
            "type": "pattern_replace",
            "pattern": "(?i)^([0-9a-f]{8})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{12})$",
            "replacement": "$1$2$3$4$5",
        },
    },
    "filter": {"sigma": {"type": "pattern_replace", "pattern": "ς", "replacement": "σ"}},
    "analyzer": {
        "words": {
            "type": "custom",
            "tokenizer": "standard",
            "char_filter": ["apart", "signs"],
            "filter": ["lowercase", "sigma"],
        }
    },
    "normalizer": {
        "folded": {"type": "custom", "filter": ["lowercase"]},
        "id": {"type": "custom", "char_filter": ["uuid"], "filter": ["lowercase"]},
    },
}


def table(lines: str) -> list[tuple[str, str]]:
    """(path, kind) of every name in a table."""
    rows = [line.split() for line in lines.splitlines() if line.strip()]
    return [(name, kind) for kind, *names in rows for name in names]


def fields(index: str) -> dict[str, str]:
    """Full path → kind of every declared field."""
    found = dict(table(_EVERY) + table(ROOT[index]))
    for path, lines in NESTED[index].items():
        found |= {f"{path}.{name}": kind for name, kind in table(lines)}
    return found


def strings(index: str, nested: str = "") -> list[str]:
    """The fields that a bare term looks into: of the root and all it holds, or of one nested array's elements."""
    found = [
        path
        for path, kind in fields(index).items()
        if kind in ("keyword", "text") and path not in STANDS_IN_ALL and path.startswith(nested and nested + ".")
    ]
    below = [f"{name}.*" for name in OPEN_NESTED.get(index, ()) if name.startswith(nested and nested + ".")]
    return found + below + ([f"{OPEN[index]}.*"] if index in OPEN and not nested else [])


def body(index: str) -> Mapping:
    """What creates the index."""
    properties: Mapping = {}
    for path, kind in table(_EVERY) + table(ROOT[index]):
        _put(properties, path, kind)
    for nested, lines in NESTED[index].items():
        inner: Mapping = {}
        for path, kind in table(lines):
            _put(inner, path, kind)
        properties[nested] = {"type": "nested", "include_in_root": True, "dynamic": "strict", "properties": inner}
    mapping: Mapping = {"dynamic": "strict", "properties": properties}
    if index in OPEN:
        name = OPEN[index]
        properties[name] = {"type": "object", "dynamic": True}
        for path in OPEN_NESTED.get(index, ()):
            array, _, inside = path.partition(".")
            properties[array]["properties"][inside] = {"type": "object", "dynamic": True}
        mapping["date_detection"] = False
        mapping["dynamic_templates"] = [
            {f"{place}_{of}": {"path_match": f"{place}.*", "match_mapping_type": of, "mapping": TYPES["text"]}}
            for place in (name, *OPEN_NESTED.get(index, ()))
            for of in ("string", "long", "double", "boolean")
        ]
    settings = {
        "number_of_shards": 1,
        "number_of_replicas": 0,
        "refresh_interval": -1,
        "max_result_window": 1_000_000,
        "max_terms_count": 1_000_000,
        "query.default_field": strings(index),
        "analysis": ANALYSIS,
    }
    return {"settings": {"index": settings}, "mappings": mapping}


def _put(properties: Mapping, path: str, kind: str) -> None:
    head, _, rest = path.partition(".")
    if rest:
        inside = properties.setdefault(head, {"properties": {}})
        _put(inside["properties"], rest, kind)
    else:
        properties[head] = TYPES["id" if head == "id" else kind]
