-- add: a new job
INSERT INTO job (tenant, job, id, type, operation, status, spec, selector, client, submitter, created)
VALUES (:tenant, :job, :id, :type, :operation, :status, :spec, :selector, :client, :submitter, :created);
-- get: by id
SELECT tenant, job, id, type, operation, status, spec, selector, client, submitter, created, started, finished, cursor,
       total, hidden, changed, unchanged, skipped, failed, conflicted, error
FROM job WHERE tenant = ? AND id = ?;
-- by_number: by number
SELECT tenant, job, id, type, operation, status, spec, selector, client, submitter, created, started, finished, cursor,
       total, hidden, changed, unchanged, skipped, failed, conflicted, error
FROM job WHERE tenant = ? AND job = ?;
-- unfinished: of one tenant, oldest first
SELECT tenant, job, id, type, operation, status, spec, selector, client, submitter, created, started, finished, cursor,
       total, hidden, changed, unchanged, skipped, failed, conflicted, error
FROM job WHERE tenant = ? AND finished IS NULL ORDER BY created;
-- all_unfinished: of every tenant, for resuming
SELECT tenant, job FROM job WHERE finished IS NULL ORDER BY created;
-- newest: all jobs of a tenant, newest first
SELECT tenant, job, id, type, operation, status, spec, selector, client, submitter, created, started, finished, cursor,
       total, hidden, changed, unchanged, skipped, failed, conflicted, error
FROM job WHERE tenant = ?1 AND (?4 = '' OR submitter = ?4) ORDER BY job DESC LIMIT ?2 OFFSET ?3;
-- of_client: the jobs of a client id and type, newest first
SELECT tenant, job, id, type, operation, status, spec, selector, client, submitter, created, started, finished, cursor,
       total, hidden, changed, unchanged, skipped, failed, conflicted, error
FROM job INDEXED BY job_client WHERE tenant = ? AND client = ? AND type = ? ORDER BY job DESC LIMIT ?;
-- start: the selection begins
UPDATE job SET status = 'PRE_PROCESS', started = ? WHERE tenant = ? AND job = ? AND status IN ('CREATED', 'PRE_PROCESS');
-- selected: the targets are frozen
UPDATE job SET status = 'PRE_PROCESS_COMPLETED', total = ?
WHERE tenant = ? AND job = ? AND status = 'PRE_PROCESS';
-- set_selector: what is kept of it once the targets are frozen
UPDATE job SET selector = ? WHERE tenant = ? AND job = ?;
-- set_hidden: what the submitter could not see
UPDATE job SET hidden = ? WHERE tenant = ? AND job = ?;
-- progress: a chunk is done
UPDATE job SET status = :status, cursor = :cursor, modified = :now,
       changed = changed + :changed, unchanged = unchanged + :unchanged,
       skipped = skipped + :skipped, failed = failed + :failed, conflicted = conflicted + :conflicted
WHERE tenant = :tenant AND job = :job
  AND status IN ('PRE_PROCESS_COMPLETED', 'CHUNK_PENDING', 'CHUNK_PROCESSING') AND cursor < :cursor;
-- post_process: no targets are left
UPDATE job SET status = 'POST_PROCESS'
WHERE tenant = ? AND job = ? AND status IN ('PRE_PROCESS_COMPLETED', 'CHUNK_PENDING', 'CHUNK_PROCESSING');
-- complete: all is recorded
UPDATE job SET status = 'COMPLETED', finished = ? WHERE tenant = ? AND job = ? AND status = 'POST_PROCESS';
-- fail: the server could not go on
UPDATE job SET status = 'FAILED', finished = ?, error = ? WHERE tenant = ? AND job = ? AND finished IS NULL;
-- add_target: one selected object
INSERT OR IGNORE INTO job_target (tenant, job, rid) VALUES (?, ?, ?);
-- chunk_end: the last rid of the next chunk, and its size
SELECT max(rid), count(*) FROM (
    SELECT rid FROM job_target WHERE tenant = ? AND job = ? AND rid > ? ORDER BY rid LIMIT ?
);
-- outcomes: how the items of a chunk ended
SELECT outcome, count(*) FROM job_item WHERE tenant = ? AND job = ? AND rid > ? AND rid <= ? GROUP BY outcome;
-- drop_targets: what a finished job no longer needs, some at a time
DELETE FROM job_target WHERE tenant = ?1 AND job = ?2 AND rid <= (
    SELECT max(rid) FROM (SELECT rid FROM job_target WHERE tenant = ?1 AND job = ?2 ORDER BY rid LIMIT ?3)
);
-- with_targets: the next job that has targets, and whether it is finished
SELECT t.tenant, t.job, (SELECT j.finished IS NOT NULL FROM job j WHERE j.tenant = t.tenant AND j.job = t.job)
FROM job_target t WHERE (t.tenant, t.job) > (?, ?) ORDER BY t.tenant, t.job LIMIT 1;
-- items: outcomes with the ids of their objects, or of their items of common access
SELECT i.rid, coalesce(o.id, c.id), i.outcome, i.reason, i.before, i.after
FROM job_item i LEFT JOIN object o ON o.rid = i.rid LEFT JOIN common_access c ON c.item = i.rid
WHERE i.tenant = ? AND i.job = ? AND i.rid > ? ORDER BY i.rid LIMIT ?;
