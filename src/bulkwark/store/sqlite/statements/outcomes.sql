-- page: items with the ids and names of their objects, or of their items of common access; deleted ones too
SELECT i.rid, coalesce(o.id, c.id, g.id), coalesce((o.head || '}') ->> 'name', s.access ->> 'name', g.name),
       i.outcome, i.reason, i.before, i.after
FROM job_item i LEFT JOIN object o ON o.rid = i.rid LEFT JOIN common_access c ON c.item = i.rid
LEFT JOIN common_access_shown s ON s.item = c.item LEFT JOIN gone g ON g.rid = i.rid
WHERE i.tenant = :tenant AND i.job = :job AND i.rid > :after
  AND (:outcomes IS NULL OR i.outcome IN (SELECT value FROM json_each(:outcomes)))
  AND (:reason IS NULL OR i.reason = :reason OR i.reason LIKE :reason || ': %')
ORDER BY i.rid LIMIT :limit;
-- refused: the same for outcomes that few items have
SELECT i.rid, coalesce(o.id, c.id, g.id), coalesce((o.head || '}') ->> 'name', s.access ->> 'name', g.name),
       i.outcome, i.reason, i.before, i.after
FROM job_item i INDEXED BY job_item_refused
LEFT JOIN object o ON o.rid = i.rid LEFT JOIN common_access c ON c.item = i.rid
LEFT JOIN common_access_shown s ON s.item = c.item LEFT JOIN gone g ON g.rid = i.rid
WHERE i.tenant = :tenant AND i.job = :job AND i.outcome = :outcome AND i.outcome > 2 AND i.rid > :after
  AND (:reason IS NULL OR i.reason = :reason OR i.reason LIKE :reason || ': %')
ORDER BY i.rid LIMIT :limit;
-- of_rids: the items of a JSON list of rids, in its order
SELECT i.rid, coalesce(o.id, c.id, g.id), coalesce((o.head || '}') ->> 'name', s.access ->> 'name', g.name),
       i.outcome, i.reason, i.before, i.after
FROM json_each(:rids) w CROSS JOIN job_item i ON i.tenant = :tenant AND i.job = :job AND i.rid = w.value
LEFT JOIN object o ON o.rid = i.rid LEFT JOIN common_access c ON c.item = i.rid
LEFT JOIN common_access_shown s ON s.item = c.item LEFT JOIN gone g ON g.rid = i.rid
ORDER BY w.key;
-- rids_of: what has or had one of a JSON list of ids
SELECT o.rid FROM json_each(:kinds) k CROSS JOIN json_each(:ids) j
CROSS JOIN object o ON o.tenant = :tenant AND o.kind = k.value AND o.id = j.value
UNION SELECT c.item FROM json_each(:ids) j CROSS JOIN common_access c ON c.tenant = :tenant AND c.id = j.value
UNION SELECT g.rid FROM json_each(:ids) j CROSS JOIN gone g ON g.tenant = :tenant AND g.id = j.value
ORDER BY 1;
-- rids_named: objects of a kind (the number of its field of folded names), and common access, by the begin of a name
SELECT rid FROM val WHERE tenant = :tenant AND field = :field AND value >= :least AND value < :above
UNION SELECT item FROM common_access WHERE tenant = :tenant AND name >= :least AND name < :above
ORDER BY 1;
-- gone_names: the names of those objects of a job that were deleted
SELECT g.rid, g.name FROM gone g INDEXED BY gone_id
CROSS JOIN job_item i ON i.tenant = g.tenant AND i.job = ?2 AND i.rid = g.rid WHERE g.tenant = ?1;
-- of_ids: ids and rids of the objects of a JSON list of ids that the job has an item of
SELECT found.id, found.rid FROM (
    SELECT o.id, o.rid FROM json_each(:kinds) k CROSS JOIN json_each(:ids) j
    CROSS JOIN object o ON o.tenant = :tenant AND o.kind = k.value AND o.id = j.value
    UNION SELECT g.id, g.rid FROM json_each(:ids) j CROSS JOIN gone g ON g.tenant = :tenant AND g.id = j.value
) found CROSS JOIN job_item i ON i.tenant = :tenant AND i.job = :job AND i.rid = found.rid ORDER BY found.rid;
-- by_reason: how many items were refused how, by the code of the reason
SELECT outcome, iif(instr(reason, ': '), substr(reason, 1, instr(reason, ': ') - 1), reason), count(*)
FROM job_item INDEXED BY job_item_refused WHERE tenant = ? AND job = ? AND outcome > 2
GROUP BY 1, 2 ORDER BY 1, 3 DESC, 2;
-- add: an item that an operation has worked out itself
INSERT INTO job_item (tenant, job, rid, outcome, reason, before, after) VALUES (?, ?, ?, ?, ?, ?, ?);
-- of_origin: what the origin of a job recorded of a chunk's targets
SELECT u.rid, u.outcome, u.reason, u.before, u.after
FROM job_target t CROSS JOIN job_item u ON u.tenant = t.tenant AND u.job = ?5 AND u.rid = t.rid
WHERE t.tenant = ?1 AND t.job = ?2 AND t.rid > ?3 AND t.rid <= ?4 ORDER BY t.rid;
-- changed: what of a chunk is to be changed
SELECT rid, before, after FROM job_item
WHERE tenant = ? AND job = ? AND rid > ? AND rid <= ? AND outcome = 1 ORDER BY rid;
-- names: id and name of the objects of a JSON list of rids
SELECT o.rid, o.id, (o.head || '}') ->> 'name' FROM json_each(?) w CROSS JOIN object o ON o.rid = w.value;
-- purge: items of a job, some at a time
DELETE FROM job_item WHERE tenant = ?1 AND job = ?2 AND rid <= (
    SELECT max(rid) FROM (SELECT rid FROM job_item WHERE tenant = ?1 AND job = ?2 ORDER BY rid LIMIT ?3)
);
-- purged: the items of a job are no more
UPDATE job SET purged = ? WHERE tenant = ? AND job = ?;
-- purge_events: and what happened to it, chunk by chunk
DELETE FROM job_event WHERE tenant = ?1 AND job = ?2 AND kind = 'chunk';
-- discard: a preview is thrown away; as if it had ended long ago, so that it is purged next
UPDATE job SET status = 'CANCELLED', finished = 1 WHERE tenant = ? AND job = ? AND mode = 'preview';
-- old: the oldest finished job whose items nobody needs any more: runs before ?1, previews before ?2 (ms)
SELECT tenant, job FROM job j WHERE finished IS NOT NULL AND purged IS NULL
  AND finished < iif(mode = 'preview', ?2, ?1)
  AND NOT EXISTS (SELECT 1 FROM job d INDEXED BY job_origin WHERE d.tenant = j.tenant AND d.origin = j.job AND d.origin IS NOT NULL
                  AND d.finished IS NULL)
ORDER BY finished LIMIT 1;
