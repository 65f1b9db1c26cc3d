-- Non-employees: contractors and others whom no HR system knows. A non-employee source stands on a SOURCE object; a
-- record is an identity with an account on it. See docs/decisions/0014-non-employees.md.
CREATE TABLE ne_source (
    tenant    INTEGER NOT NULL,
    source    INTEGER NOT NULL,
    id        TEXT NOT NULL,            -- UUID
    rid       INTEGER NOT NULL,         -- the SOURCE object; name, description and owner are its
    approvers TEXT NOT NULL,            -- ids of identities as a JSON list, in the order in which they decide
    managers  TEXT NOT NULL,            -- account managers, likewise
    workgroup TEXT,                     -- id of a governance group, kept as it was given
    created   INTEGER NOT NULL,         -- ms
    modified  INTEGER NOT NULL,         -- ms
    PRIMARY KEY (tenant, source),
    UNIQUE (tenant, id),
    UNIQUE (tenant, rid)
) WITHOUT ROWID, STRICT;

-- The columns of a source's records, the system's own first.
CREATE TABLE ne_attribute (
    tenant    INTEGER NOT NULL,
    source    INTEGER NOT NULL,
    attribute INTEGER NOT NULL,         -- order in the schema
    id        TEXT NOT NULL,            -- UUID
    system    INTEGER NOT NULL,         -- 0 or 1
    type      TEXT NOT NULL,            -- TEXT, DATE, IDENTITY
    name      TEXT NOT NULL,            -- technicalName
    label     TEXT NOT NULL,
    help      TEXT NOT NULL,
    hint      TEXT NOT NULL,            -- placeholder
    required  INTEGER NOT NULL,         -- 0 or 1
    created   INTEGER NOT NULL,         -- ms
    modified  INTEGER NOT NULL,         -- ms
    PRIMARY KEY (tenant, source, attribute),
    UNIQUE (tenant, id)
) WITHOUT ROWID, STRICT;

-- A record has the number of its identity, and its id with hyphens: neither needs a column. Narrow, and two indexes
-- alone: a million of them come at once.
CREATE TABLE ne_record (
    rid      INTEGER PRIMARY KEY,
    tenant   INTEGER NOT NULL,
    source   INTEGER NOT NULL,
    key      TEXT NOT NULL,             -- account name, folded
    account  TEXT NOT NULL,
    first    TEXT NOT NULL,
    last     TEXT NOT NULL,
    email    TEXT NOT NULL,
    phone    TEXT NOT NULL,
    manager  TEXT NOT NULL,             -- alias of an identity
    starts   INTEGER NOT NULL,          -- ms
    ends     INTEGER NOT NULL,          -- ms
    data     TEXT NOT NULL,             -- custom attributes as JSON, names in order, blank ones left out
    phase    INTEGER NOT NULL,          -- domain/non_employees.py: Phase
    due      INTEGER,                   -- ms: when the life cycle moves it on; NULL: never
    created  INTEGER NOT NULL,          -- ms
    modified INTEGER NOT NULL           -- ms
) STRICT;
CREATE UNIQUE INDEX ne_record_key ON ne_record (tenant, source, key);
CREATE INDEX ne_record_due ON ne_record (due) WHERE due IS NOT NULL;

-- What somebody asks for: a new record, or a change of the one with that account name.
CREATE TABLE ne_request (
    tenant    INTEGER NOT NULL,
    request   INTEGER NOT NULL,
    id        TEXT NOT NULL,            -- UUID
    source    INTEGER NOT NULL,
    requester TEXT NOT NULL,            -- id of an identity, or of an OAuth client
    key       TEXT NOT NULL,            -- account name, folded
    account   TEXT NOT NULL,
    first     TEXT NOT NULL,
    last      TEXT NOT NULL,
    email     TEXT NOT NULL,
    phone     TEXT NOT NULL,
    manager   TEXT NOT NULL,
    starts    INTEGER NOT NULL,         -- ms
    ends      INTEGER NOT NULL,         -- ms
    data      TEXT NOT NULL,
    status    TEXT NOT NULL,            -- PENDING, APPROVED, REJECTED
    comment   TEXT NOT NULL,
    completed INTEGER,                  -- ms: the last approval
    created   INTEGER NOT NULL,         -- ms
    modified  INTEGER NOT NULL,         -- ms
    PRIMARY KEY (tenant, request),
    UNIQUE (tenant, id)
) WITHOUT ROWID, STRICT;
CREATE INDEX ne_request_source ON ne_request (tenant, source, key, status);

CREATE TABLE ne_approval (
    tenant   INTEGER NOT NULL,
    approval INTEGER NOT NULL,
    id       TEXT NOT NULL,             -- UUID
    request  INTEGER NOT NULL,
    position INTEGER NOT NULL,          -- from 1: whose turn it is
    approver TEXT NOT NULL,             -- id of an identity
    status   TEXT NOT NULL,             -- NOT_READY, PENDING, APPROVED, REJECTED, CANCELLED
    comment  TEXT NOT NULL,
    created  INTEGER NOT NULL,          -- ms
    modified INTEGER NOT NULL,          -- ms
    PRIMARY KEY (tenant, approval),
    UNIQUE (tenant, id)
) WITHOUT ROWID, STRICT;
CREATE INDEX ne_approval_request ON ne_approval (tenant, request, position);
CREATE INDEX ne_approval_approver ON ne_approval (tenant, approver, status);
