-- Why: alerts must be listed and explained long after Kafka has let them go; "values" keeps what
-- the rule saw.
CREATE TABLE bss.fraud_alerts (
    time         timestamptz NOT NULL,
    alert_id     text        NOT NULL,
    rule         text        NOT NULL,
    rule_version integer     NOT NULL,
    severity     text        NOT NULL,
    customer_id  text        NOT NULL,
    payment_ids  text[]      NOT NULL,
    amount       numeric(19,4),
    currency     text,
    "values"     jsonb       NOT NULL DEFAULT '{}',
    window_start timestamptz,
    window_end   timestamptz,
    description  text        NOT NULL DEFAULT '',
    revision     integer     NOT NULL DEFAULT 1,
    tenant       text        NOT NULL DEFAULT 'default',
    CONSTRAINT fraud_alerts_key UNIQUE NULLS NOT DISTINCT (tenant, alert_id, time),
    CONSTRAINT fraud_alerts_time
        CHECK (time >= '1990-01-01 00:00:00+00' AND time < '10000-01-01 00:00:00+00'),
    CONSTRAINT fraud_alerts_amount CHECK (amount <> 'NaN'),
    CONSTRAINT fraud_alerts_currency CHECK ((amount IS NULL) = (currency IS NULL)),
    CONSTRAINT fraud_alerts_revision CHECK (revision >= 1)
);
