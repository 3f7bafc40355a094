-- Why: each order, once for each status it passed through, with its currency: sums are never taken
-- across currencies. The region may be unknown.
CREATE TABLE bss.order_metrics (
    time         timestamptz   NOT NULL,
    order_id     text          NOT NULL,
    customer_id  text          NOT NULL,
    status       text          NOT NULL,
    total_amount numeric(19,4) NOT NULL,
    currency     text          NOT NULL,
    items_count  bigint        NOT NULL,
    region       text,
    tags         jsonb,
    tenant       text          NOT NULL DEFAULT 'default',
    event_id     text          NOT NULL,
    revision     integer       NOT NULL DEFAULT 1,
    CONSTRAINT order_metrics_key UNIQUE NULLS NOT DISTINCT (tenant, order_id, time, status),
    CONSTRAINT order_metrics_time
        CHECK (time >= '1990-01-01 00:00:00+00' AND time < '10000-01-01 00:00:00+00'),
    CONSTRAINT order_metrics_total_amount CHECK (total_amount <> 'NaN'),
    CONSTRAINT order_metrics_items_count CHECK (items_count >= 0),
    CONSTRAINT order_metrics_revision CHECK (revision >= 1)
);
