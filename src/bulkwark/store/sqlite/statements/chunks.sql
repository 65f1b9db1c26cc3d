-- unknown_md: metadata in a chunk that has no transformation yet
SELECT DISTINCT s.md FROM job_target t CROSS JOIN state s ON s.rid = t.rid
WHERE t.tenant = ? AND t.job = ? AND t.rid > ? AND t.rid <= ?
  AND NOT EXISTS (SELECT 1 FROM temp.transform u WHERE u.md = s.md);
-- forget_transforms: of the job before
DELETE FROM temp.transform;
-- forget_gains: of the job before
DELETE FROM temp.gain;
-- forget_losses: of the job before
DELETE FROM temp.loss;
-- add_transform: what becomes of one metadata text
INSERT INTO temp.transform (md, outcome, reason, after) VALUES (?, ?, ?, ?);
-- add_gain: a pair that such an object gains
INSERT INTO temp.gain (md, pair) VALUES (?, ?);
-- add_loss: a pair that such an object loses
INSERT INTO temp.loss (md, pair) VALUES (?, ?);
-- record: the outcome of every item of a chunk, with before and after
INSERT INTO job_item (tenant, job, rid, outcome, reason, before, after)
SELECT t.tenant, t.job, t.rid, iif(s.rid IS NULL, 3, u.outcome), iif(s.rid IS NULL, 'deleted', u.reason), s.md, u.after
FROM job_target t
LEFT JOIN state s ON s.rid = t.rid
LEFT JOIN temp.transform u ON u.md = s.md
WHERE t.tenant = ? AND t.job = ? AND t.rid > ? AND t.rid <= ?
ORDER BY t.rid;
-- gain: the metadata index learns of new pairs
INSERT OR IGNORE INTO md_inv (tenant, pair, rid)
SELECT i.tenant, g.pair, i.rid FROM job_item i CROSS JOIN temp.gain g ON g.md = i.before
WHERE i.tenant = ? AND i.job = ? AND i.rid > ? AND i.rid <= ? AND i.outcome = 1
ORDER BY g.pair, i.rid;
-- lose: and forgets those that went
DELETE FROM md_inv WHERE (tenant, pair, rid) IN (
    SELECT i.tenant, l.pair, i.rid FROM job_item i CROSS JOIN temp.loss l ON l.md = i.before
    WHERE i.tenant = ? AND i.job = ? AND i.rid > ? AND i.rid <= ? AND i.outcome = 1
);
-- effect: the objects themselves
UPDATE state SET md = i.after, modified = max(modified, ?5)
FROM job_item i
WHERE i.tenant = ?1 AND i.job = ?2 AND i.rid > ?3 AND i.rid <= ?4 AND i.outcome = 1 AND state.rid = i.rid;
