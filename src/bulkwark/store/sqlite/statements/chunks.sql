-- forget_transforms: of the job before
DELETE FROM temp.transform;
-- forget_gains: of the job before
DELETE FROM temp.gain;
-- forget_losses: of the job before
DELETE FROM temp.loss;
-- add_transform: what becomes of one metadata text; for a job that recalls another: whether it may come back
INSERT INTO temp.transform (md, outcome, reason, after) VALUES (?, ?, ?, ?);
-- add_gain: a pair that an object gains by such a move
INSERT OR IGNORE INTO temp.gain (before, after, pair) VALUES (?, ?, ?);
-- add_loss: a pair that it loses
INSERT OR IGNORE INTO temp.loss (before, after, pair) VALUES (?, ?, ?);
-- unknown_before: texts that an undo would bring back and nobody has looked at yet
SELECT DISTINCT u.before FROM job_target t CROSS JOIN job_item u ON u.tenant = t.tenant AND u.job = ?5 AND u.rid = t.rid
WHERE t.tenant = ?1 AND t.job = ?2 AND t.rid > ?3 AND t.rid <= ?4
  AND NOT EXISTS (SELECT 1 FROM temp.transform k WHERE k.md = u.before);
-- unknown_after: the same for a preview that is run
SELECT DISTINCT u.after FROM job_target t CROSS JOIN job_item u ON u.tenant = t.tenant AND u.job = ?5 AND u.rid = t.rid
WHERE t.tenant = ?1 AND t.job = ?2 AND t.rid > ?3 AND t.rid <= ?4 AND u.after IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM temp.transform k WHERE k.md = u.after);
-- record: the outcome of every item of a chunk, with before and after; 0 where the rule was not asked about the text yet
INSERT INTO job_item (tenant, job, rid, outcome, reason, before, after)
SELECT t.tenant, t.job, t.rid, iif(s.rid IS NULL, 3, ifnull(u.outcome, 0)), iif(s.rid IS NULL, 'deleted', u.reason), s.md, u.after
FROM job_target t
LEFT JOIN state s ON s.rid = t.rid
LEFT JOIN temp.transform u ON u.md = s.md
WHERE t.tenant = ? AND t.job = ? AND t.rid > ? AND t.rid <= ?
ORDER BY t.rid;
-- unknown_md: the texts that the rule is to be asked about
SELECT DISTINCT before FROM job_item WHERE tenant = ? AND job = ? AND rid > ? AND rid <= ? AND outcome = 0;
-- settle: and what becomes of their items
UPDATE job_item SET outcome = u.outcome, reason = u.reason, after = u.after FROM temp.transform u
WHERE job_item.tenant = ? AND job_item.job = ? AND job_item.rid > ? AND job_item.rid <= ? AND job_item.outcome = 0
  AND u.md = job_item.before;
-- outcomes: how the items of a chunk ended, and which texts became which
SELECT outcome, before, after, count(*) FROM job_item WHERE tenant = ? AND job = ? AND rid > ? AND rid <= ?
GROUP BY outcome, before, after;
-- record_run: the same for a preview that is run: what has changed since is a conflict
INSERT INTO job_item (tenant, job, rid, outcome, reason, before, after)
SELECT tenant, job, rid, outcome,
       CASE outcome WHEN 3 THEN 'deleted' WHEN 5 THEN 'changed-since-preview' WHEN 4 THEN ifnull(refused, reason) END,
       md, iif(outcome = 1, after, NULL)
FROM (
    SELECT t.tenant, t.job, t.rid, s.md, u.after, u.reason, k.reason AS refused,
           CASE WHEN s.rid IS NULL THEN 3 WHEN s.md IS NOT u.before THEN 5
                WHEN u.outcome = 1 AND k.reason IS NOT NULL THEN 4 ELSE u.outcome END AS outcome
    FROM job_target t CROSS JOIN job_item u ON u.tenant = t.tenant AND u.job = ?5 AND u.rid = t.rid
    LEFT JOIN state s ON s.rid = t.rid
    LEFT JOIN temp.transform k ON k.md = u.after
    WHERE t.tenant = ?1 AND t.job = ?2 AND t.rid > ?3 AND t.rid <= ?4
) ORDER BY rid;
-- record_undo: the same for a job that takes back another; 0 where more is to be asked than whether all is as it was left
INSERT INTO job_item (tenant, job, rid, outcome, reason, before, after)
SELECT t.tenant, t.job, t.rid, iif(s.md = u.after AND NOT ?6, 1, 0), NULL, s.md, u.before
FROM job_target t CROSS JOIN job_item u ON u.tenant = t.tenant AND u.job = ?5 AND u.rid = t.rid
LEFT JOIN state s ON s.rid = t.rid
WHERE t.tenant = ?1 AND t.job = ?2 AND t.rid > ?3 AND t.rid <= ?4
ORDER BY t.rid;
-- record_undo_all: the same when every changed item of the origin is a target, which is faster by half
INSERT INTO job_item (tenant, job, rid, outcome, reason, before, after)
SELECT u.tenant, ?2, u.rid, iif(s.md = u.after AND NOT ?6, 1, 0), NULL, s.md, u.before
FROM job_item u LEFT JOIN state s ON s.rid = u.rid
WHERE u.tenant = ?1 AND u.job = ?5 AND u.rid > ?3 AND u.rid <= ?4 AND u.outcome = 1
ORDER BY u.rid;
-- settle_undo: what has changed since is a conflict, unless forced (?6)
UPDATE job_item SET outcome = n.outcome, after = iif(n.outcome = 1, after, NULL),
       reason = CASE n.outcome WHEN 3 THEN 'deleted' WHEN 5 THEN 'changed-since' WHEN 4 THEN refused END
FROM (
    SELECT i.rid, k.reason AS refused,
           CASE WHEN i.before IS NULL THEN 3 WHEN i.before = u.before THEN 2
                WHEN i.before <> u.after AND NOT ?6 THEN 5
                WHEN k.reason IS NOT NULL THEN 4 ELSE 1 END AS outcome
    FROM job_item i CROSS JOIN job_item u ON u.tenant = i.tenant AND u.job = ?5 AND u.rid = i.rid
    LEFT JOIN temp.transform k ON k.md = u.before
    WHERE i.tenant = ?1 AND i.job = ?2 AND i.rid > ?3 AND i.rid <= ?4 AND i.outcome = 0
) n
WHERE job_item.tenant = ?1 AND job_item.job = ?2 AND job_item.rid = n.rid;
-- gain: the metadata index learns of new pairs
INSERT OR IGNORE INTO md_inv (tenant, pair, rid)
SELECT i.tenant, g.pair, i.rid FROM job_item i CROSS JOIN temp.gain g ON g.before = i.before AND g.after = i.after
WHERE i.tenant = ? AND i.job = ? AND i.rid > ? AND i.rid <= ? AND i.outcome = 1;
-- gain_all: of a pair that every changed object gains
INSERT OR IGNORE INTO md_inv (tenant, pair, rid)
SELECT i.tenant, ?5, i.rid FROM job_item i
WHERE i.tenant = ?1 AND i.job = ?2 AND i.rid > ?3 AND i.rid <= ?4 AND i.outcome = 1;
-- held: how many of a span hold a pair
SELECT count(*) FROM md_inv WHERE tenant = ? AND pair = ? AND rid > ? AND rid <= ?;
-- lose_all: a pair that every holder in the span loses; a range goes faster than its rows one by one
DELETE FROM md_inv WHERE tenant = ? AND pair = ? AND rid > ? AND rid <= ?;
-- keep: of a pair that some holders in the span lose, those who keep it
INSERT INTO temp.kept (rid)
SELECT m.rid FROM md_inv m WHERE m.tenant = ?1 AND m.pair = ?5 AND m.rid > ?3 AND m.rid <= ?4 AND NOT EXISTS (
    SELECT 1 FROM job_item i CROSS JOIN temp.loss l ON l.before = i.before AND l.after = i.after AND l.pair = ?5
    WHERE i.tenant = ?1 AND i.job = ?2 AND i.rid = m.rid AND i.outcome = 1
);
-- give_back: after all have lost it
INSERT INTO md_inv (tenant, pair, rid) SELECT ?, ?, rid FROM temp.kept;
-- give_back_kept: the same when the items tell of all who keep it
INSERT INTO md_inv (tenant, pair, rid) SELECT i.tenant, ?5, i.rid FROM job_item i
WHERE i.tenant = ?1 AND i.job = ?2 AND i.rid > ?3 AND i.rid <= ?4
  AND instr(',' || i.before || ',', ',' || ?5 || ',')
  AND (i.outcome <> 1 OR instr(',' || i.after || ',', ',' || ?5 || ','));
-- forget_kept: for the next pair
DELETE FROM temp.kept;
-- lose: and one that only some of them lose
DELETE FROM md_inv WHERE tenant = ?1 AND pair = ?5 AND rid IN (
    SELECT i.rid FROM job_item i CROSS JOIN temp.loss l ON l.before = i.before AND l.after = i.after AND l.pair = ?5
    WHERE i.tenant = ?1 AND i.job = ?2 AND i.rid > ?3 AND i.rid <= ?4 AND i.outcome = 1
);
-- effect: the objects themselves
UPDATE state SET md = i.after, modified = max(modified, ?5)
FROM job_item i
WHERE i.tenant = ?1 AND i.job = ?2 AND i.rid > ?3 AND i.rid <= ?4 AND i.outcome = 1 AND state.rid = i.rid;
