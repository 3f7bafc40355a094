-- Why: customers are kept as events in the event store; reports and joins need them as rows. A projection
-- folds the events into bss.customers and notes in the same transaction up to which event of each shard it
-- has come, so that an event that comes twice changes nothing. A rebuild goes into bss.customers_next
-- beside it and takes its place when it is whole.
CREATE TABLE bss.customers (
    id         text        PRIMARY KEY,
    name       text,
    tier       text,
    region     text,
    status     text        NOT NULL,
    revision   bigint      NOT NULL,
    shard      integer     NOT NULL,
    position   bigint      NOT NULL,
    updated_at timestamptz NOT NULL
);

CREATE TABLE bss.customers_next (LIKE bss.customers INCLUDING ALL);

CREATE TABLE bss.projection (
    name     text    NOT NULL,
    build    text    NOT NULL CHECK (build IN ('live', 'next')),
    shard    integer NOT NULL,
    position bigint  NOT NULL,
    link     text    NOT NULL,
    PRIMARY KEY (name, build, shard)
);
