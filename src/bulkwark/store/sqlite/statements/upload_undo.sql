-- origin: what the job that is undone did, or a preview would do, to the targets of a chunk
SELECT o.rid, o.outcome, o.reason, o.before, o.after FROM job_target t
CROSS JOIN job_item o ON o.tenant = ?1 AND o.job = ?2 AND o.rid = t.rid
WHERE t.tenant = ?3 AND t.job = ?4 AND t.rid > ?5 AND t.rid <= ?6 ORDER BY t.rid;
-- add_item: what becomes of one target
INSERT INTO job_item (tenant, job, rid, outcome, reason, before, after) VALUES (?, ?, ?, ?, ?, ?, ?);
-- changed: items of a chunk that are to be carried out
SELECT rid, before, after FROM job_item
WHERE tenant = ? AND job = ? AND rid > ? AND rid <= ? AND outcome = 1 ORDER BY rid;
-- set_after: a record that came again
UPDATE job_item SET after = ? WHERE tenant = ? AND job = ? AND rid = ?;
-- stamp: when its record was modified
UPDATE job_item SET after = json_set(after, '$.modified', ?) WHERE tenant = ? AND job = ? AND rid = ?;
