-- add: something happened to a job
INSERT INTO job_event (tenant, seq, job, at, kind, detail) VALUES (?, ?, ?, ?, ?, ?);
-- of_tenant: what happened after a number, oldest first
SELECT e.seq, e.job, j.id, e.at, e.kind, e.detail FROM job_event e CROSS JOIN job j ON j.tenant = e.tenant AND j.job = e.job
WHERE e.tenant = ? AND e.seq > ? ORDER BY e.seq LIMIT ?;
-- of_job: the same of one job
SELECT e.seq, e.job, j.id, e.at, e.kind, e.detail FROM job_event e INDEXED BY job_event_job
CROSS JOIN job j ON j.tenant = e.tenant AND j.job = e.job
WHERE e.tenant = ? AND e.job = ? AND e.seq > ? ORDER BY e.seq LIMIT ?;
-- counted: what a preview has told of its outcomes
SELECT detail FROM job_event INDEXED BY job_event_job
WHERE tenant = ? AND job = ? AND kind = 'counted' ORDER BY seq LIMIT 1;
-- last_chunks: the newest chunks of a job
SELECT at, detail FROM job_event INDEXED BY job_event_job
WHERE tenant = ? AND job = ? AND kind = 'chunk' ORDER BY seq DESC LIMIT ?;
