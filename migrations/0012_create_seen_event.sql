-- Why: an event that is delivered again with a new time has another natural key, so the keys of the
-- hypertables cannot tell that it counts already, and a unique key without the time is not to be had
-- there. With --once-per-id each event's id is noted here with the time it counted at, in the
-- transaction of its row. Retention takes the ids of the rows it drops.
CREATE TABLE bss.seen_event (
    hypertable text        NOT NULL,
    tenant     text        NOT NULL,
    event_id   text        NOT NULL,
    "time"     timestamptz NOT NULL,
    CONSTRAINT seen_event_key PRIMARY KEY (hypertable, tenant, event_id)
);
