-- put_tokens: the full-text row of an object
INSERT INTO fts (rowid, tokens) VALUES (?, ?);
-- drop_tokens: take it out
DELETE FROM fts WHERE rowid = ?;
-- put_value: a whole value
INSERT OR IGNORE INTO val (tenant, field, value, rid) VALUES (?, ?, ?, ?);
-- drop_value: take it out
DELETE FROM val WHERE tenant = ? AND field = ? AND value = ? AND rid = ?;
-- count_term: one more (or fewer) document has the term
INSERT INTO vocab (tenant, field, term, df) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (tenant, field, term) DO UPDATE SET df = df + ?4;
-- words: how many different words the documents have in a field, all together
SELECT sum(df) FROM vocab WHERE tenant = ? AND field = ?;
-- drop_unused_term: a term that no document has
DELETE FROM vocab WHERE tenant = ? AND field = ? AND term = ? AND df <= 0;
-- put_link: a nested element
INSERT OR IGNORE INTO link (tenant, field, target, rid) VALUES (?, ?, ?, ?);
-- drop_link: take it out
DELETE FROM link WHERE tenant = ? AND field = ? AND target = ? AND rid = ?;
-- put_pair: an object holds a metadata value
INSERT OR IGNORE INTO md_inv (tenant, pair, rid) VALUES (?, ?, ?);
-- drop_pair: it no longer does
DELETE FROM md_inv WHERE tenant = ? AND pair = ? AND rid = ?;
-- pythonic_values: objects that have a value in one of a JSON list of fields that Python spells and JSON does not
SELECT DISTINCT v.rid FROM json_each(?2) w CROSS JOIN val v ON v.tenant = ?1 AND v.field = w.value
WHERE v.value IN ('True', 'False') OR v.value GLOB '*[0-9]e[+-][0-9]*';
-- different_values: what a field holds, each once
SELECT DISTINCT value FROM val WHERE tenant = ? AND field = ? ORDER BY value;
-- term_count: how many objects have a term
SELECT df FROM vocab WHERE tenant = ? AND field = ? AND term = ?;
