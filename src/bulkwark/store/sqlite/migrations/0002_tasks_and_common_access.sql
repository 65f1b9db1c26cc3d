-- Every job is a task (`GET /task-status`): what a task shows and a job did not have.
ALTER TABLE job ADD COLUMN name TEXT;           -- of a recorded action; NULL: a job of the engine, named by its operation
ALTER TABLE job ADD COLUMN messages TEXT NOT NULL DEFAULT '[]'; -- domain/tasks.py: Message, as JSON
ALTER TABLE job ADD COLUMN target TEXT;         -- domain/tasks.py: Target, as JSON; NULL: none
ALTER TABLE job ADD COLUMN modified INTEGER;    -- ms: the last chunk
ALTER TABLE job ADD COLUMN completion TEXT;     -- completionStatus as a caller cleared it; NULL: what the outcomes say
ALTER TABLE job ADD COLUMN completed INTEGER;   -- ms, of the same PATCH
CREATE INDEX job_created ON job (tenant, created, job);

-- What is wanted of a target, where a job wants different things of its targets; its operation knows the numbers.
ALTER TABLE job_target ADD COLUMN wanted INTEGER;

-- Roles and access profiles that many hold, confirmed or denied by a reviewer. What a filter compares is folded. This
-- row is narrow and has one index that a job must keep: 100,000 items change at once.
CREATE TABLE common_access (
    item      INTEGER PRIMARY KEY,      -- job target; built like a rid, of a kind that no object has
    tenant    INTEGER NOT NULL,
    id        TEXT NOT NULL,            -- UUID
    rid       INTEGER NOT NULL,         -- the role or access profile
    access_id TEXT NOT NULL,
    type      TEXT NOT NULL,            -- role, access_profile
    name      TEXT NOT NULL,
    status    TEXT NOT NULL,            -- confirmed, denied
    reviewed  INTEGER NOT NULL,         -- 0 or 1: a user has confirmed or denied it
    last      INTEGER,                  -- ms of that review
    by_user   INTEGER NOT NULL,         -- 0 or 1: created by a user
    updated   INTEGER NOT NULL,         -- ms
    UNIQUE (tenant, id)
) STRICT;
CREATE UNIQUE INDEX common_access_rid ON common_access (rid);
CREATE INDEX common_access_object ON common_access (tenant, access_id);
CREATE INDEX common_access_name ON common_access (tenant, name, item, status, reviewed);

-- What the list shows of the object behind an item; it follows the object (store/objects.py).
CREATE TABLE common_access_shown (
    item        INTEGER PRIMARY KEY,
    tenant      INTEGER NOT NULL,
    description TEXT,                   -- folded
    access      TEXT NOT NULL           -- JSON: {"id", "type", "name", "description", "ownerName", "ownerId"}
) STRICT;

-- What the task list shows of a job. A job that ended is WARNING when some of its objects were refused and others
-- were not, ERROR when all were.
CREATE VIEW task AS
SELECT tenant, job, id, type, operation, status, client, submitter, created, started, finished, modified, total,
       changed, unchanged, skipped, failed, conflicted, error, name, messages, target, completed,
       target ->> 'id' AS source,
       CASE WHEN completion IS NOT NULL THEN completion
            WHEN finished IS NULL THEN NULL
            WHEN status = 'FAILED' THEN 'ERROR'
            WHEN failed + conflicted = 0 THEN 'SUCCESS'
            WHEN changed + unchanged = 0 THEN 'ERROR'
            ELSE 'WARNING' END AS completion
FROM job;
