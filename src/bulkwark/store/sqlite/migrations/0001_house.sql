-- Every table carries `tenant`. A `rid` is tenant (15 bits) | kind (5 bits) | number (29 bits), so a key
-- that starts with a rid starts with the tenant too; see docs/decisions/0003-store.md.

CREATE TABLE tenant (
    tenant  INTEGER PRIMARY KEY,
    name    TEXT NOT NULL UNIQUE,
    id      TEXT NOT NULL,              -- 32 hex, the `tenant_id` claim
    created INTEGER NOT NULL            -- ms
) STRICT;

-- Counters and versions that must survive: next numbers, version of the metadata catalogue.
CREATE TABLE counter (
    tenant INTEGER NOT NULL,
    name   TEXT NOT NULL,
    value  INTEGER NOT NULL,
    PRIMARY KEY (tenant, name)
) WITHOUT ROWID, STRICT;

-- A governed object. `head` is its document on the wire as JSON text without the closing brace and
-- without `modified` and metadata, which live in `state`: a job never rewrites a document.
CREATE TABLE object (
    rid    INTEGER PRIMARY KEY,
    tenant INTEGER NOT NULL,
    kind   INTEGER NOT NULL,
    id     TEXT NOT NULL,               -- 32 hex
    head   TEXT NOT NULL,
    UNIQUE (tenant, kind, id)
) STRICT;

CREATE TABLE state (
    rid      INTEGER PRIMARY KEY,
    tenant   INTEGER NOT NULL,
    kind     INTEGER NOT NULL,
    modified INTEGER NOT NULL,          -- ms
    md       TEXT NOT NULL DEFAULT ''   -- metadata pairs in order: '3,17,22'
) STRICT;
CREATE INDEX state_modified ON state (tenant, kind, modified);

-- The search document: `face` is its root as JSON text without closing brace, `modified` and nested arrays;
-- `refs` names the targets of its nested arrays: {"entitlements": [rid, …], …}.
CREATE TABLE search_doc (
    rid    INTEGER PRIMARY KEY,
    tenant INTEGER NOT NULL,
    face   TEXT NOT NULL,
    refs   TEXT NOT NULL DEFAULT '{}'
) STRICT;

-- Numbers of indexed fields. They belong to one tenant and one kind, and lead every token and value.
CREATE TABLE field (
    tenant INTEGER NOT NULL,
    kind   INTEGER NOT NULL,
    path   TEXT NOT NULL,
    field  INTEGER NOT NULL,
    PRIMARY KEY (tenant, kind, path)
) WITHOUT ROWID, STRICT;

-- Tokens `field:term` (analysed), `field=hash` (whole value), `field!` (present); see store/sqlite/index.py.
CREATE VIRTUAL TABLE fts USING fts5 (
    tokens, content = '', contentless_delete = 1, tokenize = "ascii tokenchars '!:=._'',;'"
);

-- Whole values in order: dates, numbers, keywords, `.exact` strings, folded strings (`path~`).
CREATE TABLE val (
    tenant INTEGER NOT NULL,
    field  INTEGER NOT NULL,
    value  ANY NOT NULL,
    rid    INTEGER NOT NULL,
    PRIMARY KEY (tenant, field, value, rid)
) WITHOUT ROWID, STRICT;

-- The term dictionary: which terms a field has, and in how many documents.
CREATE TABLE vocab (
    tenant INTEGER NOT NULL,
    field  INTEGER NOT NULL,
    term   TEXT NOT NULL,
    df     INTEGER NOT NULL,
    PRIMARY KEY (tenant, field, term)
) WITHOUT ROWID, STRICT;

-- Nested arrays: object `rid` holds object `target` under the path (a field number).
CREATE TABLE link (
    tenant INTEGER NOT NULL,
    field  INTEGER NOT NULL,
    target INTEGER NOT NULL,
    rid    INTEGER NOT NULL,
    PRIMARY KEY (tenant, field, target, rid)
) WITHOUT ROWID, STRICT;

-- Metadata attributes and values; a `pair` is one value of one attribute.
CREATE TABLE md_attribute (
    tenant    INTEGER NOT NULL,
    attribute INTEGER NOT NULL,
    key       TEXT NOT NULL,
    doc       TEXT NOT NULL,            -- AttributeDTO as JSON without `values`
    PRIMARY KEY (tenant, attribute),
    UNIQUE (tenant, key)
) WITHOUT ROWID, STRICT;

CREATE TABLE md_value (
    tenant    INTEGER NOT NULL,
    pair      INTEGER NOT NULL,
    attribute INTEGER NOT NULL,
    value     TEXT NOT NULL,
    doc       TEXT NOT NULL,            -- AttributeValueDTO as JSON
    PRIMARY KEY (tenant, pair),
    UNIQUE (tenant, attribute, value)
) WITHOUT ROWID, STRICT;

-- The metadata index: which objects hold a pair.
CREATE TABLE md_inv (
    tenant INTEGER NOT NULL,
    pair   INTEGER NOT NULL,
    rid    INTEGER NOT NULL,
    PRIMARY KEY (tenant, pair, rid)
) WITHOUT ROWID, STRICT;

CREATE TABLE job (
    tenant     INTEGER NOT NULL,
    job        INTEGER NOT NULL,
    id         TEXT NOT NULL,           -- UUID
    type       TEXT NOT NULL,           -- ROLE …
    operation  TEXT NOT NULL,           -- metadata …
    status     TEXT NOT NULL,           -- domain/jobs.py
    spec       TEXT NOT NULL,           -- what to do, as JSON
    selector   TEXT NOT NULL,           -- what was asked for, as JSON
    client     TEXT NOT NULL,           -- client id of the submitter
    submitter  TEXT NOT NULL,
    created    INTEGER NOT NULL,        -- µs
    started    INTEGER,
    finished   INTEGER,
    cursor     INTEGER NOT NULL DEFAULT 0,  -- last rid done
    total      INTEGER,
    hidden     INTEGER NOT NULL DEFAULT 0,  -- matched but not visible to the submitter
    changed    INTEGER NOT NULL DEFAULT 0,
    unchanged  INTEGER NOT NULL DEFAULT 0,
    skipped    INTEGER NOT NULL DEFAULT 0,
    failed     INTEGER NOT NULL DEFAULT 0,
    conflicted INTEGER NOT NULL DEFAULT 0,
    error      TEXT,
    PRIMARY KEY (tenant, job),
    UNIQUE (tenant, id)
) WITHOUT ROWID, STRICT;
CREATE INDEX job_unfinished ON job (tenant, created) WHERE finished IS NULL;
CREATE INDEX job_client ON job (tenant, client, job);

-- The frozen selection of a job.
CREATE TABLE job_target (
    tenant INTEGER NOT NULL,
    job    INTEGER NOT NULL,
    rid    INTEGER NOT NULL,
    PRIMARY KEY (tenant, job, rid)
) WITHOUT ROWID, STRICT;

-- One row for each object a job has dealt with: the outcome, and what stood there before and after.
CREATE TABLE job_item (
    tenant  INTEGER NOT NULL,
    job     INTEGER NOT NULL,
    rid     INTEGER NOT NULL,
    outcome INTEGER NOT NULL,           -- domain/jobs.py: Outcome
    reason  TEXT,
    before  TEXT,
    after   TEXT,
    PRIMARY KEY (tenant, job, rid)
) WITHOUT ROWID, STRICT;

-- Keys that sign access tokens; `tenant` 0: the server's own.
CREATE TABLE signing_key (
    tenant  INTEGER NOT NULL,
    kid     TEXT NOT NULL,
    jwk     TEXT NOT NULL,              -- private JWK (OKP, Ed25519)
    created INTEGER NOT NULL,
    PRIMARY KEY (tenant, kid)
) WITHOUT ROWID, STRICT;

-- Personal access tokens and OAuth clients: things with a client id and a secret. `name`, `enabled` and
-- `expires` repeat members of `doc`, for the rules and the check of every token that lean on them.
CREATE TABLE credential (
    tenant   INTEGER NOT NULL,
    id       TEXT NOT NULL,             -- client id, 32 hex
    type     TEXT NOT NULL,             -- 'pat' or 'client'
    identity TEXT NOT NULL,             -- id of the owning identity
    name     TEXT NOT NULL,
    levels   TEXT NOT NULL,             -- user levels as JSON list
    secret   TEXT NOT NULL,             -- SHA-256 of the secret, hex; empty for public clients
    enabled  INTEGER NOT NULL,          -- 0 or 1
    expires  INTEGER,                   -- ms; NULL: never
    doc      TEXT NOT NULL,             -- the wire document as JSON, without id, secret and moments
    created  INTEGER NOT NULL,          -- ms
    modified INTEGER NOT NULL,          -- ms
    used     INTEGER,                   -- ms, at most a day behind; NULL: never
    PRIMARY KEY (tenant, id)
) WITHOUT ROWID, STRICT;
CREATE UNIQUE INDEX credential_id ON credential (id);
CREATE UNIQUE INDEX credential_name ON credential (tenant, identity, name) WHERE type = 'pat';
