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
-- effect: the items themselves
UPDATE common_access SET status = iif(t.wanted, 'confirmed', 'denied'), reviewed = 1, last = ?5, updated = ?5
FROM job_target t
WHERE t.tenant = ?1 AND t.job = ?2 AND t.rid > ?3 AND t.rid <= ?4 AND common_access.item = t.rid;
