-- How an entitlement is requested and revoked (`entitlement-request-config`); no row: nothing was ever said.
CREATE TABLE request_config (
    tenant INTEGER NOT NULL,
    rid    INTEGER NOT NULL,
    config TEXT NOT NULL,               -- the document on the wire as JSON
    PRIMARY KEY (tenant, rid)
) WITHOUT ROWID, STRICT;
