-- Jobs that can be trusted: previews, undo, guards, control, and a log of what happened to each.
ALTER TABLE job ADD COLUMN mode TEXT NOT NULL DEFAULT 'run';    -- run; preview: outcomes are recorded, nothing is changed
ALTER TABLE job ADD COLUMN origin INTEGER;      -- number of the job that this one undoes, runs or does again
ALTER TABLE job ADD COLUMN relation TEXT;       -- undo, run, rerun; NULL: a job of its own
ALTER TABLE job ADD COLUMN hold TEXT;           -- why it stands still: domain/jobs.py Hold; NULL: it does not
ALTER TABLE job ADD COLUMN held_for TEXT;       -- the same in words
ALTER TABLE job ADD COLUMN confirmer TEXT;      -- who confirmed it, when a guard had stopped it
ALTER TABLE job ADD COLUMN options TEXT NOT NULL DEFAULT '{}';  -- domain/jobs.py Options, as JSON
ALTER TABLE job ADD COLUMN purged INTEGER;      -- ms: its items were deleted

-- What the task list shows: never a preview. A job that was cancelled is TERMINATED.
DROP VIEW task;
CREATE VIEW task AS
SELECT tenant, job, id, type, operation, status, client, submitter, created, started, finished, modified, total,
       changed, unchanged, skipped, failed, conflicted, error, name, messages, target, completed,
       target ->> 'id' AS source,
       CASE WHEN completion IS NOT NULL THEN completion
            WHEN finished IS NULL THEN NULL
            WHEN status = 'CANCELLED' THEN 'TERMINATED'
            WHEN status IN ('FAILED', 'STOPPED') THEN 'ERROR'
            WHEN failed + conflicted = 0 THEN 'SUCCESS'
            WHEN changed + unchanged = 0 THEN 'ERROR'
            ELSE 'WARNING' END AS completion
FROM job WHERE mode = 'run';

CREATE INDEX job_origin ON job (tenant, origin) WHERE origin IS NOT NULL;
CREATE INDEX job_finished ON job (finished) WHERE finished IS NOT NULL AND purged IS NULL;

-- What happened to jobs, in order: accepted, selected, each chunk, every touch of a person. Written with the effect.
CREATE TABLE job_event (
    tenant INTEGER NOT NULL,
    seq    INTEGER NOT NULL,            -- from 1 for each tenant, never used twice
    job    INTEGER NOT NULL,
    at     INTEGER NOT NULL,            -- ms
    kind   TEXT NOT NULL,               -- domain/jobs.py Happened
    detail TEXT NOT NULL,               -- JSON; of a chunk: items, ms, counts
    PRIMARY KEY (tenant, seq)
) WITHOUT ROWID, STRICT;
CREATE INDEX job_event_job ON job_event (tenant, job, seq);

-- Objects that were deleted, so that a result can still say what it speaks of.
CREATE TABLE gone (
    rid     INTEGER PRIMARY KEY,
    tenant  INTEGER NOT NULL,
    id      TEXT NOT NULL,
    name    TEXT,
    deleted INTEGER NOT NULL            -- ms
) STRICT;
CREATE INDEX gone_id ON gone (tenant, id);
CREATE TRIGGER object_gone AFTER DELETE ON object BEGIN
    INSERT OR REPLACE INTO gone (rid, tenant, id, name, deleted)
    VALUES (old.rid, old.tenant, old.id, (old.head || '}') ->> 'name', CAST(unixepoch('subsec') * 1000 AS INTEGER));
END;

-- What a tenant has set, as JSON.
CREATE TABLE setting (
    tenant   INTEGER NOT NULL,
    name     TEXT NOT NULL,
    value    TEXT NOT NULL,
    modified INTEGER NOT NULL,          -- ms
    modifier TEXT NOT NULL,
    PRIMARY KEY (tenant, name)
) WITHOUT ROWID, STRICT;

-- Answers to requests that carried an Idempotency-Key, written with what they did.
CREATE TABLE idempotency (
    tenant      INTEGER NOT NULL,
    client      TEXT NOT NULL,
    key         TEXT NOT NULL,
    fingerprint TEXT NOT NULL,          -- SHA-256 of operation, path, query and body, hex
    status      INTEGER NOT NULL,
    headers     TEXT NOT NULL,          -- JSON
    body        BLOB NOT NULL,
    created     INTEGER NOT NULL,       -- ms
    PRIMARY KEY (tenant, client, key)
) WITHOUT ROWID, STRICT;
CREATE INDEX idempotency_created ON idempotency (created);

-- A job as store/jobs.py reads it.
CREATE VIEW job_row AS
SELECT tenant, job, id, type, operation, status, spec, selector, client, submitter, created, started, finished, cursor,
       total, hidden, changed, unchanged, skipped, failed, conflicted, error, mode, origin, relation, hold, held_for,
       confirmer, options, purged
FROM job;

-- Of a million items people look for the few that were refused.
CREATE INDEX job_item_refused ON job_item (tenant, job, outcome, rid) WHERE outcome > 2;
