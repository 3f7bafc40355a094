-- Why: each payment with its fraud score, once for each status it passed through. Fraud reports
-- and the payment aggregates read it. The score is NUMERIC so that sums do not depend on the order
-- of addition.
CREATE TABLE bss.payment_metrics (
    time           timestamptz   NOT NULL,
    payment_id     text          NOT NULL,
    order_id       text,
    customer_id    text          NOT NULL,
    amount         numeric(19,4) NOT NULL,
    currency       text          NOT NULL,
    status         text          NOT NULL,
    payment_method text,
    merchant_id    text,
    fraud_score    numeric(6,3),
    tenant         text          NOT NULL DEFAULT 'default',
    event_id       text          NOT NULL,
    revision       integer       NOT NULL DEFAULT 1,
    CONSTRAINT payment_metrics_key
        UNIQUE NULLS NOT DISTINCT (tenant, payment_id, time, status),
    CONSTRAINT payment_metrics_time
        CHECK (time >= '1990-01-01 00:00:00+00' AND time < '10000-01-01 00:00:00+00'),
    CONSTRAINT payment_metrics_amount CHECK (amount >= 0 AND amount <> 'NaN'),
    CONSTRAINT payment_metrics_fraud_score CHECK (fraud_score >= 0 AND fraud_score <= 100),
    CONSTRAINT payment_metrics_revision CHECK (revision >= 1)
);
