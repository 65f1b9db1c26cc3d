-- record: an action that has ended already
INSERT INTO job (tenant, job, id, type, operation, status, spec, selector, client, submitter, created, started, finished,
                 total, changed, unchanged, failed, name, messages, target, modified)
VALUES (:tenant, :job, :id, :kind, 'recorded', 'COMPLETED', '{}', '{}', :client, :submitter, :now * 1000, :now, :now,
        :total, :changed, :total - :changed - :failed, :failed, :name, :messages, :target, :now);
-- get: one task, when it is not older than a moment
SELECT job, id, type, operation, status, client, submitter, created, started, finished, modified, total,
       changed, unchanged, skipped, failed, conflicted, error, name, messages, target, completed, completion
FROM task WHERE tenant = ? AND id = ? AND created >= ?;
-- by_numbers: the tasks of a JSON list of job numbers, in the list's order
SELECT t.job, t.id, t.type, t.operation, t.status, t.client, t.submitter, t.created, t.started, t.finished, t.modified,
       t.total, t.changed, t.unchanged, t.skipped, t.failed, t.conflicted, t.error, t.name, t.messages, t.target,
       t.completed, t.completion
FROM json_each(?2) w CROSS JOIN task t ON t.tenant = ?1 AND t.job = w.value ORDER BY w.key;
-- clear: a caller ends an unfinished task
UPDATE job SET status = 'FAILED', finished = :now, modified = :now, error = :error, completion = :completion,
       completed = :completed, hold = NULL, held_for = NULL
WHERE tenant = :tenant AND job = :job AND finished IS NULL;
