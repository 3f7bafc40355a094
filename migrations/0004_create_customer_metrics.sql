-- Why: measurements of a customer by name. Two of one name at one instant are two measurements, so
-- the key is the event's id and not the name.
CREATE TABLE bss.customer_metrics (
    time         timestamptz      NOT NULL,
    customer_id  text             NOT NULL,
    metric_name  text             NOT NULL,
    metric_value double precision NOT NULL,
    labels       jsonb,
    tenant       text             NOT NULL DEFAULT 'default',
    event_id     text             NOT NULL,
    revision     integer          NOT NULL DEFAULT 1,
    CONSTRAINT customer_metrics_key UNIQUE NULLS NOT DISTINCT (tenant, event_id, time),
    CONSTRAINT customer_metrics_time
        CHECK (time >= '1990-01-01 00:00:00+00' AND time < '10000-01-01 00:00:00+00'),
    CONSTRAINT customer_metrics_metric_value
        CHECK (metric_value > '-Infinity' AND metric_value < 'Infinity'),
    CONSTRAINT customer_metrics_revision CHECK (revision >= 1)
);
