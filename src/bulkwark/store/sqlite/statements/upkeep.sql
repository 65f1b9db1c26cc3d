-- merge_tokens: work off some pages of the full-text index's merges; a negative number begins to optimise
INSERT INTO fts (fts, rank) VALUES ('merge', ?);
-- limit_analysis: how many rows of an index are looked at
PRAGMA analysis_limit = 1000;
-- analyse: the planner's statistics
ANALYZE;
-- sqlite_version: of the driver
SELECT sqlite_version();
-- schema_version: number of the last migration
PRAGMA user_version;
-- damage: faults of the file; one row 'ok' when there are none
PRAGMA quick_check(20);
-- sample: objects drawn by lot
SELECT rid FROM state ORDER BY random() LIMIT ?;
-- strays: objects that lack a row of theirs, as (table, how many)
SELECT 'state', count(*) FROM object o WHERE NOT EXISTS (SELECT 1 FROM state s WHERE s.rid = o.rid)
UNION ALL
SELECT 'search_doc', count(*) FROM object o WHERE NOT EXISTS (SELECT 1 FROM search_doc d WHERE d.rid = o.rid)
UNION ALL
SELECT 'object', count(*) FROM state s WHERE NOT EXISTS (SELECT 1 FROM object o WHERE o.rid = s.rid)
UNION ALL
SELECT 'object', count(*) FROM document r WHERE NOT EXISTS (SELECT 1 FROM object o WHERE o.rid = r.rid);
-- search_doc: what is indexed of an object
SELECT face, refs FROM search_doc WHERE rid = ?;
-- has_tokens: whether an object's row in the full-text index matches
SELECT 1 FROM fts WHERE fts MATCH ? AND rowid = ?;
-- has_value: whether a whole value is listed
SELECT 1 FROM val WHERE tenant = ? AND field = ? AND value = ? AND rid = ?;
-- has_term: whether the dictionary counts a term
SELECT 1 FROM vocab WHERE tenant = ? AND field = ? AND term = ? AND df > 0;
-- has_link: whether a nested element is listed
SELECT 1 FROM link WHERE tenant = ? AND field = ? AND target = ? AND rid = ?;
-- has_pair: whether the metadata index knows of a pair
SELECT 1 FROM md_inv WHERE tenant = ? AND pair = ? AND rid = ?;
-- old_document: whether a document is not what is made of its object, though nothing that it shows is outdated
SELECT 1 FROM document_made m LEFT JOIN document r ON r.rid = m.rid
WHERE m.rid = ?1 AND r.text IS NOT m.text AND NOT EXISTS (
    SELECT 1 FROM search_doc d CROSS JOIN json_each(d.refs) p CROSS JOIN json_each(p.value) j
    CROSS JOIN outdated o ON o.rid = j.value WHERE d.rid = ?1
);
