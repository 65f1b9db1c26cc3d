-- holders: targets of a job that hold one of the pairs of a JSON list
SELECT count(DISTINCT m.rid) FROM json_each(?3) p
CROSS JOIN md_inv m ON m.tenant = ?1 AND m.pair = p.value
CROSS JOIN job_target t ON t.tenant = ?1 AND t.job = ?2 AND t.rid = m.rid;
