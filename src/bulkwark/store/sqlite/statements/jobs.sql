-- add: a new job
INSERT INTO job (tenant, job, id, type, operation, status, spec, selector, client, submitter, created, mode, origin,
                 relation, options)
VALUES (:tenant, :job, :id, :type, :operation, :status, :spec, :selector, :client, :submitter, :created, :mode, :origin,
        :relation, :options);
-- done: its work was done by the call that brought it
UPDATE job SET status = 'COMPLETED', started = :now, finished = :now, modified = :now,
       total = :changed + :unchanged + :skipped + :failed + :conflicted, changed = :changed, unchanged = :unchanged,
       skipped = :skipped, failed = :failed, conflicted = :conflicted
WHERE tenant = :tenant AND job = :job;
-- get: by id
SELECT * FROM job_row WHERE tenant = ? AND id = ?;
-- by_number: by number
SELECT * FROM job_row WHERE tenant = ? AND job = ?;
-- unfinished: of one tenant, oldest first; previews are nobody's work
SELECT * FROM job_row WHERE tenant = ? AND finished IS NULL AND mode = 'run' ORDER BY created;
-- all_unfinished: of every tenant, for resuming
SELECT tenant, job FROM job WHERE finished IS NULL ORDER BY created;
-- newest: all jobs of a tenant, newest first
SELECT * FROM job_row WHERE tenant = ?1 AND mode = 'run'
  AND (?4 = '' OR submitter = ?4 OR type IN (SELECT value FROM json_each(?5)))
ORDER BY job DESC LIMIT ?2 OFFSET ?3;
-- of_client: the jobs of a client id and type, newest first
SELECT r.* FROM job j INDEXED BY job_client CROSS JOIN job_row r ON r.tenant = j.tenant AND r.job = j.job
WHERE j.tenant = ? AND j.client = ? AND j.type = ? AND j.mode = 'run' ORDER BY j.job DESC LIMIT ?;
-- derived: the jobs that have this one as their origin, oldest first
SELECT * FROM job_row WHERE tenant = ? AND origin = ? ORDER BY job;
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
-- finish: it ends before its end
UPDATE job SET status = ?, finished = ?, error = ?, hold = NULL, held_for = NULL
WHERE tenant = ? AND job = ? AND finished IS NULL;
-- hold: an unfinished job stands still from its next chunk on
UPDATE job SET hold = ?, held_for = ? WHERE tenant = ? AND job = ? AND finished IS NULL AND hold IS NULL;
-- release: and goes on
UPDATE job SET hold = NULL, held_for = NULL WHERE tenant = ? AND job = ? AND finished IS NULL AND hold = ?;
-- confirm: and goes on, because somebody has taken the responsibility
UPDATE job SET hold = NULL, held_for = NULL, confirmer = ?
WHERE tenant = ? AND job = ? AND finished IS NULL AND hold = 'AWAITING_CONFIRMATION';
-- set_options: how it runs
UPDATE job SET options = ? WHERE tenant = ? AND job = ?;
-- add_targets: some of the selected objects
INSERT OR IGNORE INTO job_target (tenant, job, rid) SELECT ?, ?, value FROM carray(?);
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
