-- Why: revenue by region and product category, both of which may be unknown, in one currency. The
-- average order value is not stored: it is revenue / orders_count at any level, and a mean of means
-- at none. Two orders of one region at one instant are two rows, so the key is the event's id.
CREATE TABLE bss.revenue_metrics (
    time             timestamptz   NOT NULL,
    revenue          numeric(19,4) NOT NULL,
    costs            numeric(19,4) NOT NULL,
    profit           numeric(19,4) NOT NULL,
    currency         text          NOT NULL,
    orders_count     bigint        NOT NULL,
    region           text,
    product_category text,
    tenant           text          NOT NULL DEFAULT 'default',
    event_id         text          NOT NULL,
    revision         integer       NOT NULL DEFAULT 1,
    CONSTRAINT revenue_metrics_key UNIQUE NULLS NOT DISTINCT (tenant, event_id, time),
    CONSTRAINT revenue_metrics_time
        CHECK (time >= '1990-01-01 00:00:00+00' AND time < '10000-01-01 00:00:00+00'),
    CONSTRAINT revenue_metrics_revenue CHECK (revenue <> 'NaN'),
    CONSTRAINT revenue_metrics_costs CHECK (costs <> 'NaN'),
    CONSTRAINT revenue_metrics_profit CHECK (profit <> 'NaN' AND profit = revenue - costs),
    CONSTRAINT revenue_metrics_orders_count CHECK (orders_count >= 0),
    CONSTRAINT revenue_metrics_revision CHECK (revision >= 1)
);
