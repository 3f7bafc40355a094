-- Why: a batch of an import and the row that says it was stored commit together, so that a killed
-- import resumes without loss and without a duplicate. The chain hash of a batch covers everything
-- before it in its source: standard input, compressed and growing files resume alike.
CREATE TABLE bss.import_ledger (
    chain_hash  bytea       NOT NULL,
    kind        text        NOT NULL,
    source      text        NOT NULL,
    batch_no    bigint      NOT NULL,
    rows_stored bigint      NOT NULL,
    duplicates  bigint      NOT NULL,
    conflicting bigint      NOT NULL,
    rejected    bigint      NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT import_ledger_key PRIMARY KEY (chain_hash)
);
