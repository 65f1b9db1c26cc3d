-- attributes: all attributes of a tenant
SELECT attribute, key, doc FROM md_attribute WHERE tenant = ? ORDER BY attribute;
-- values: all values of a tenant
SELECT attribute, pair, value, doc FROM md_value WHERE tenant = ? ORDER BY pair;
-- attribute_number: of a key
SELECT attribute FROM md_attribute WHERE tenant = ? AND key = ?;
-- pair: of a value
SELECT pair FROM md_value WHERE tenant = ? AND attribute = ? AND value = ?;
-- put_attribute: insert or replace
INSERT INTO md_attribute (tenant, attribute, key, doc) VALUES (?, ?, ?, ?)
ON CONFLICT (tenant, attribute) DO UPDATE SET doc = excluded.doc;
-- put_value: insert or replace
INSERT INTO md_value (tenant, pair, attribute, value, doc) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (tenant, pair) DO UPDATE SET doc = excluded.doc;
-- drop_value: mark a value as deleted
UPDATE md_value SET doc = json_set(doc, '$.status', ?) WHERE tenant = ? AND pair = ?;
-- drop_attribute: mark an attribute as deleted
UPDATE md_attribute SET doc = json_set(doc, '$.status', ?) WHERE tenant = ? AND attribute = ?;
-- used: an object that holds a pair
SELECT rid FROM md_inv WHERE tenant = ? AND pair = ? LIMIT 1;
