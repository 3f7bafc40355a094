-- Why: the Apache edition has no continuous aggregates, so the same sums are kept as tables. The
-- registry says how a rollup is made of its hypertable's rows and up to where it is; the log says
-- which buckets have changed since. A log row is never updated and has no key: two loads that touch
-- one bucket must not wait for each other. Policies that no scheduler runs note their runs.
CREATE TABLE bss.rollup (
    name          text        NOT NULL,
    hypertable    text        NOT NULL,
    bucket_column text        NOT NULL,
    bucket_width  interval    NOT NULL,
    zone          text,
    definition    text        NOT NULL,
    watermark     timestamptz NOT NULL DEFAULT '-infinity',
    CONSTRAINT rollup_key PRIMARY KEY (name)
);

CREATE TABLE bss.rollup_invalidation (
    rollup text        NOT NULL,
    bucket timestamptz NOT NULL
);

CREATE INDEX rollup_invalidation_idx ON bss.rollup_invalidation (rollup, bucket);

CREATE TABLE bss.policy_run (
    policy      text        NOT NULL,
    object      text        NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    started_at  timestamptz,
    finished_at timestamptz,
    failure     text,
    CONSTRAINT policy_run_key PRIMARY KEY (policy, object)
);
