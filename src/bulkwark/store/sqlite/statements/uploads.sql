-- add: an accepted upload
INSERT INTO ne_upload (tenant, upload, id, source, client, submitter, created, modified, state, lines, header, spec)
VALUES (:tenant, :upload, :id, :source, :client, :submitter, :created, :modified, 'WAITING', :lines, :header, :spec);
-- get: by id
SELECT tenant, upload, id, source, client, submitter, created, modified, state, tries, lines, header, spec, error
FROM ne_upload WHERE tenant = ? AND id = ?;
-- everywhere: by id, of whatever tenant; few are looked for, now and then
SELECT tenant, upload, id, source, client, submitter, created, modified, state, tries, lines, header, spec, error
FROM ne_upload WHERE id = ?;
-- newest: of a source, those before one of them, newest first
SELECT tenant, upload, id, source, client, submitter, created, modified, state, tries, lines, header, spec, error
FROM ne_upload WHERE tenant = ? AND source = ? AND upload < ? ORDER BY upload DESC LIMIT ?;
-- unfinished: of all tenants, in the order in which they came
SELECT tenant, upload, id, source, client, submitter, created, modified, state, tries, lines, header, spec, error
FROM ne_upload INDEXED BY ne_upload_unfinished WHERE state <> 'ENDED'
ORDER BY created, tenant, upload;
-- move: it goes on, or ends
UPDATE ne_upload SET state = ?, error = ?, modified = ?, tries = tries + ? WHERE tenant = ? AND upload = ?;
-- failed_rows: rows that were not taken, from the one after a line
SELECT line, cells, faults FROM ne_upload_row WHERE tenant = ? AND upload = ? AND line > ? ORDER BY line LIMIT ?;
-- failed_again: those that a job has tried once more, in vain
SELECT r.line, r.cells, r.faults FROM ne_upload_row r
CROSS JOIN job_item i ON i.tenant = r.tenant AND i.job = ?3 AND i.rid = r.line
WHERE r.tenant = ?1 AND r.upload = ?2 AND r.line > ?4 AND i.outcome = 4 ORDER BY r.line LIMIT ?5;
-- failed_targets: those that a job is to try once more
SELECT r.line, r.cells, r.faults FROM job_target t
CROSS JOIN ne_upload_row r ON r.tenant = ?1 AND r.upload = ?2 AND r.line = t.rid
WHERE t.tenant = ?1 AND t.job = ?3 AND t.rid > ?4 AND t.rid <= ?5 ORDER BY t.rid;
-- set_faults: why a row was not taken the last time
UPDATE ne_upload_row SET faults = ? WHERE tenant = ? AND upload = ? AND line = ?;
-- count_failed: how many
SELECT count(*) FROM ne_upload_row WHERE tenant = ? AND upload = ?;
-- ready: how many rows behind a line are there, at most so many, and the last of them
SELECT count(*), max(line) FROM (
    SELECT line FROM staging.row WHERE line > ?1 UNION ALL SELECT line FROM staging.bad WHERE line > ?1 ORDER BY line LIMIT ?2
);
-- segment_end: where the segments of a line end
SELECT min(last) FROM staging.segment WHERE last >= ?;
-- targets: the next rows of the file
INSERT OR IGNORE INTO job_target (tenant, job, rid)
SELECT ?1, ?2, line FROM (
    SELECT line FROM staging.row WHERE line > ?3 AND line <= ?4
    UNION ALL SELECT line FROM staging.bad WHERE line > ?3 AND line <= ?4 ORDER BY line
);
-- begin: what the reading depends on
UPDATE job SET spec = ? WHERE tenant = ? AND job = ?;
-- total: how many rows the file has had in the end
UPDATE job SET total = ? WHERE tenant = ? AND job = ? AND total IS NOT NULL AND finished IS NULL;
-- whole: good and bad rows of a staging file; nothing while it is still written
SELECT good, bad FROM staging.whole;
-- record_good: what becomes of each good row of a chunk; a record keeps those attributes that the file has no column for
INSERT INTO job_item (tenant, job, rid, outcome, reason, before, after)
SELECT :tenant, :job, line, iif(same, 2, 1), NULL, before, iif(same, NULL, after) FROM (
    SELECT s.line, r.rid IS NOT NULL
               AND (r.account, r.first, r.last, r.email, r.phone, r.manager, r.starts, r.ends, r.data)
                 = (s.account, s.first, s.last, s.email, s.phone, s.manager, s.starts, s.ends, s.merged) AS same,
           iif(r.rid IS NULL, NULL, json_object('id', o.id, 'cells', json_object('account', r.account, 'first', r.first, 'last', r.last, 'email', r.email,
               'phone', r.phone, 'manager', r.manager, 'starts', r.starts, 'ends', r.ends, 'data', r.data))) AS before,
           iif(r.rid IS NULL, json_object('id', s.id, 'modified', :now), json_object('id', o.id, 'cells',
               json_object('account', s.account, 'first', s.first, 'last', s.last, 'email', s.email,
               'phone', s.phone, 'manager', s.manager, 'starts', s.starts, 'ends', s.ends, 'data', s.merged), 'modified', :now)) AS after
    FROM (
        SELECT s.*, n.rid AS old, iif(:kept = '[]' OR n.rid IS NULL, s.data, (
            SELECT json_group_object(key, value) FROM (
                SELECT key, value FROM json_each(s.data)
                UNION ALL
                SELECT key, value FROM json_each(n.data) WHERE key IN (SELECT value FROM json_each(:kept))
                ORDER BY key
            ))) AS merged
        FROM staging.row s LEFT JOIN ne_record n ON n.tenant = :tenant AND n.source = :source AND n.key = s.key
        WHERE s.line > :cursor AND s.line <= :last
    ) s
    LEFT JOIN ne_record r ON r.rid = s.old
    LEFT JOIN object o ON o.rid = r.rid
) ORDER BY line;
-- record_bad: and of each bad one
INSERT INTO job_item (tenant, job, rid, outcome, reason, before, after)
SELECT :tenant, :job, line, 4, reason, NULL, NULL FROM staging.bad WHERE line > :cursor AND line <= :last ORDER BY line;
-- record_none: what becomes of good rows when all must be good and some are not
INSERT INTO job_item (tenant, job, rid, outcome, reason, before, after)
SELECT :tenant, :job, line, 3, :reason, NULL, NULL FROM staging.row WHERE line > :cursor AND line <= :last ORDER BY line;
-- keep_bad: bad rows are kept for the report
INSERT OR REPLACE INTO ne_upload_row (tenant, upload, line, cells, faults)
SELECT :tenant, :upload, line, cells, faults FROM staging.bad WHERE line > :cursor AND line <= :last ORDER BY line;
-- new_table: the new records of a chunk and the numbers they get
CREATE TEMP TABLE IF NOT EXISTS upload_new (line INTEGER PRIMARY KEY, rid INTEGER NOT NULL, sort INTEGER NOT NULL);
-- forget_new: of the chunk before
DELETE FROM temp.upload_new;
-- find_new: lines of a chunk that make new records
INSERT INTO temp.upload_new (line, rid, sort)
SELECT i.rid, row_number() OVER (ORDER BY i.rid) - 1, s.sort FROM job_item i CROSS JOIN staging.row s ON s.line = i.rid
WHERE i.tenant = :tenant AND i.job = :job AND i.rid > :cursor AND i.rid <= :last AND i.outcome = 1 AND i.before IS NULL;
-- number_new: from the first of the numbers that were taken for them
UPDATE temp.upload_new SET rid = rid + ?;
-- pieces: the last line of each so many of them
SELECT line FROM temp.upload_new WHERE (rid - ?1) % ?2 = ?2 - 1
UNION SELECT max(line) FROM temp.upload_new ORDER BY line;
-- new_objects: their identities
INSERT INTO object (rid, tenant, kind, id, head)
SELECT n.rid, :tenant, :kind, s.id, s.head FROM temp.upload_new n CROSS JOIN staging.row s ON s.line = n.line
ORDER BY n.line;
-- new_states: the narrow rows
INSERT INTO state (rid, tenant, kind, modified, md) SELECT rid, :tenant, :kind, :now, '' FROM temp.upload_new ORDER BY line;
-- new_search_docs: what a search answers
INSERT INTO search_doc (rid, tenant, face, refs)
SELECT n.rid, :tenant, s.face, '{"accounts":[' || n.rid || ']}' FROM temp.upload_new n CROSS JOIN staging.row s ON s.line = n.line
WHERE n.line > :above AND n.line <= :to ORDER BY n.line;
-- new_links: the one account of each, which is indexed with its identity
INSERT INTO link (tenant, field, target, rid)
SELECT :tenant, f.field, n.rid, n.rid FROM field f CROSS JOIN temp.upload_new n
WHERE f.tenant = :tenant AND f.kind = :kind AND f.path = 'accounts' ORDER BY n.line;
-- new_records: the records
INSERT INTO ne_record (rid, tenant, source, key, account, first, last, email, phone, manager, starts, ends, data,
                       phase, due, created, modified)
SELECT n.rid, :tenant, :source, s.key, s.account, s.first, s.last, s.email, s.phone, s.manager, s.starts, s.ends,
       s.data, s.phase, s.due, :now, :now
FROM temp.upload_new n CROSS JOIN staging.row s ON s.line = n.line ORDER BY n.line;
-- new_tokens: the full-text rows
INSERT INTO fts (rowid, tokens)
SELECT n.rid, s.tokens FROM temp.upload_new n CROSS JOIN staging.row s ON s.line = n.line
WHERE n.line > :above AND n.line <= :to ORDER BY n.line;
-- new_values: whole values, field by field, so that its pages stay at hand; those of a segment are in order
INSERT OR IGNORE INTO val (tenant, field, value, rid)
SELECT :tenant, g.field, t.value, n.rid FROM (
    SELECT f.field, g.start, g.stop FROM staging.segment g CROSS JOIN staging.field_of f ON f.list = g.list AND f.words = 0
    WHERE g.last > :cursor AND g.first <= :last ORDER BY f.field, g.last
) g
CROSS JOIN staging.text t ON t.n >= g.start AND t.n < g.stop
CROSS JOIN temp.upload_new n ON n.line = t.line;
-- new_sort_values: those that all of a sort have
INSERT OR IGNORE INTO val (tenant, field, value, rid)
SELECT :tenant, v.field, v.value, n.rid FROM staging.sort_val v CROSS JOIN temp.upload_new n ON n.sort = v.sort;
-- new_terms: the dictionary, from segments of which all rows are new
INSERT INTO vocab (tenant, field, term, df)
SELECT :tenant, g.field, w.value, w.many FROM (
    SELECT f.field, g.start, g.stop FROM staging.segment g CROSS JOIN staging.field_of f ON f.list = g.list AND f.words = 1
    WHERE g.last > :cursor AND g.first <= :last
      AND g.rows = (SELECT count(*) FROM temp.upload_new n WHERE n.line >= g.first AND n.line <= g.last)
    ORDER BY f.field, g.last
) g
CROSS JOIN staging.word w ON w.n >= g.start AND w.n < g.stop
WHERE 1 ON CONFLICT (tenant, field, term) DO UPDATE SET df = df + excluded.df;
-- new_some_terms: and from segments of which only some are
INSERT INTO vocab (tenant, field, term, df)
SELECT :tenant, f.field, w.value, 1 FROM staging.segment g
CROSS JOIN staging.field_of f ON f.list = g.list AND f.words = 1
CROSS JOIN staging.word w ON w.n >= g.start AND w.n < g.stop
CROSS JOIN json_each(iif(w.many = 1, '[' || w.lines || ']', w.lines)) l
CROSS JOIN temp.upload_new n ON n.line = l.value
WHERE g.last > :cursor AND g.first <= :last
  AND g.rows > (SELECT count(*) FROM temp.upload_new n WHERE n.line >= g.first AND n.line <= g.last)
ON CONFLICT (tenant, field, term) DO UPDATE SET df = df + 1;
-- new_sort_terms: what all of a sort have
INSERT INTO vocab (tenant, field, term, df)
SELECT :tenant, t.field, t.term, f.df FROM (
    SELECT sort, count(*) AS df FROM temp.upload_new GROUP BY sort
) f CROSS JOIN staging.sort_term t ON t.sort = f.sort
WHERE 1 ON CONFLICT (tenant, field, term) DO UPDATE SET df = df + excluded.df;
-- compare: what is no longer as it was previewed
UPDATE job_item AS i SET outcome = 5, reason = :reason, after = NULL
WHERE i.tenant = :tenant AND i.job = :job AND i.rid > :cursor AND i.rid <= :last AND i.outcome < 3 AND NOT EXISTS (
    SELECT 1 FROM job_item p WHERE p.tenant = :tenant AND p.job = :origin AND p.rid = i.rid AND p.outcome = i.outcome
      AND p.before IS i.before
);
-- changed: some records of a chunk that get other values
SELECT i.rid, r.rid, i.after -> 'cells'
FROM job_item i CROSS JOIN staging.row s ON s.line = i.rid
CROSS JOIN ne_record r ON r.tenant = i.tenant AND r.source = :source AND r.key = s.key
WHERE i.tenant = :tenant AND i.job = :job AND i.rid > :above AND i.rid <= :last AND i.outcome = 1
  AND i.before IS NOT NULL ORDER BY i.rid LIMIT :most;
-- aliases: of identities that begin alike, folded
SELECT DISTINCT value FROM val WHERE tenant = ?1 AND field = ?2 AND value >= ?3 AND value < ?3 || char(1114111) LIMIT ?4;
