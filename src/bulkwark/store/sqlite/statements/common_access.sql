-- add: a new item
INSERT INTO common_access (item, tenant, id, rid, access_id, type, name, status, reviewed, last, by_user, updated)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);
-- add_shown: what it shows of its object
INSERT INTO common_access_shown (item, tenant, description, access) VALUES (?, ?, ?, ?);
-- of_object: the item of a role or access profile
SELECT c.item, c.id, s.access, c.status, c.reviewed, c.last, c.by_user, c.updated
FROM common_access c JOIN common_access_shown s ON s.item = c.item WHERE c.rid = ?;
-- by_items: the items of a JSON list of numbers, in the list's order
SELECT c.item, c.id, s.access, c.status, c.reviewed, c.last, c.by_user, c.updated
FROM json_each(?) w CROSS JOIN common_access c ON c.item = w.value CROSS JOIN common_access_shown s ON s.item = c.item
ORDER BY w.key;
-- find: ids of a JSON list that exist, with their numbers
SELECT c.id, c.item FROM json_each(?2) w CROSS JOIN common_access c ON c.tenant = ?1 AND c.id = w.value;
-- review: one item gets a status
UPDATE common_access SET status = :status, reviewed = 1, last = :now, updated = :now WHERE item = :item;
-- rename: the object has another name
UPDATE common_access SET name = ?1 WHERE rid = ?2 AND name <> ?1;
-- follow: what an item shows of its object
UPDATE common_access_shown SET description = ?, access = ?
WHERE item = (SELECT item FROM common_access WHERE rid = ?);
-- drop_shown: the object is deleted
DELETE FROM common_access_shown WHERE item = (SELECT item FROM common_access WHERE rid = ?);
-- drop: and its item
DELETE FROM common_access WHERE rid = ?;
-- freeze: the targets of a job, with what is wanted of each: 1 confirmed, 0 denied
INSERT INTO job_target (tenant, job, rid, wanted)
SELECT ?1, ?2, value, 1 FROM json_each(?3, '$.confirmed')
UNION ALL SELECT ?1, ?2, value, 0 FROM json_each(?3, '$.denied') ORDER BY 3;
-- record: the outcome of every item of a chunk, with before and after as `status,reviewed,last`
INSERT INTO job_item (tenant, job, rid, outcome, reason, before, after)
SELECT t.tenant, t.job, t.rid, iif(c.item IS NULL, 3, 1), iif(c.item IS NULL, 'deleted', NULL),
       c.status || ',' || c.reviewed || ',' || ifnull(c.last, ''),
       iif(c.item IS NULL, NULL, iif(t.wanted, 'confirmed', 'denied') || ',1,' || ?5)
FROM job_target t LEFT JOIN common_access c ON c.item = t.rid
WHERE t.tenant = ?1 AND t.job = ?2 AND t.rid > ?3 AND t.rid <= ?4
ORDER BY t.rid;
-- record_run: the same for a preview that is run: what has changed since is a conflict; a review is of now (?6), an undo not (null)
INSERT INTO job_item (tenant, job, rid, outcome, reason, before, after)
SELECT tenant, job, rid, outcome,
       CASE outcome WHEN 3 THEN 'deleted' WHEN 5 THEN 'changed-since-preview' END, state,
       iif(outcome = 1, iif(?6 IS NULL, after, substr(after, 1, instr(after, ',')) || '1,' || ?6), NULL)
FROM (
    SELECT t.tenant, t.job, t.rid, u.after, c.status || ',' || c.reviewed || ',' || ifnull(c.last, '') AS state,
           CASE WHEN c.item IS NULL THEN 3
                WHEN c.status || ',' || c.reviewed || ',' || ifnull(c.last, '') IS NOT u.before THEN 5
                ELSE u.outcome END AS outcome
    FROM job_target t CROSS JOIN job_item u ON u.tenant = t.tenant AND u.job = ?5 AND u.rid = t.rid
    LEFT JOIN common_access c ON c.item = t.rid
    WHERE t.tenant = ?1 AND t.job = ?2 AND t.rid > ?3 AND t.rid <= ?4
) ORDER BY rid;
-- record_undo: the same for a job that takes back another: what has changed since is a conflict, unless forced (?6)
INSERT INTO job_item (tenant, job, rid, outcome, reason, before, after)
SELECT tenant, job, rid, outcome,
       CASE outcome WHEN 3 THEN 'deleted' WHEN 5 THEN 'changed-since' END, state, iif(outcome = 1, wanted, NULL)
FROM (
    SELECT tenant, job, rid, state, wanted,
           CASE WHEN state IS NULL THEN 3 WHEN state = wanted THEN 2 WHEN state <> expected AND NOT ?6 THEN 5
                ELSE 1 END AS outcome
    FROM (
        SELECT t.tenant, t.job, t.rid, u.before AS wanted, u.after AS expected,
               c.status || ',' || c.reviewed || ',' || ifnull(c.last, '') AS state
        FROM job_target t CROSS JOIN job_item u ON u.tenant = t.tenant AND u.job = ?5 AND u.rid = t.rid
        LEFT JOIN common_access c ON c.item = t.rid
        WHERE t.tenant = ?1 AND t.job = ?2 AND t.rid > ?3 AND t.rid <= ?4
    )
) ORDER BY rid;
-- effect: the items themselves, as recorded: `status,reviewed,last`
UPDATE common_access SET
    status = substr(i.after, 1, instr(i.after, ',') - 1),
    reviewed = CAST(substr(i.after, instr(i.after, ',') + 1, 1) AS INTEGER),
    last = CAST(nullif(substr(i.after, instr(i.after, ',') + 3), '') AS INTEGER),
    updated = ?5
FROM job_item i
WHERE i.tenant = ?1 AND i.job = ?2 AND i.rid > ?3 AND i.rid <= ?4 AND i.outcome = 1 AND common_access.item = i.rid;
