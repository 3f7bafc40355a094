-- Why: the gauges of a service; each may be absent. Percent for cpu, memory and errors, requests a
-- second, milliseconds for the latency.
CREATE TABLE bss.system_metrics (
    time         timestamptz NOT NULL,
    service_name text        NOT NULL,
    cpu_usage    double precision,
    memory_usage double precision,
    request_rate double precision,
    error_rate   double precision,
    latency_p99  double precision,
    tenant       text        NOT NULL DEFAULT 'default',
    event_id     text        NOT NULL,
    revision     integer     NOT NULL DEFAULT 1,
    CONSTRAINT system_metrics_key UNIQUE NULLS NOT DISTINCT (tenant, event_id, time),
    CONSTRAINT system_metrics_time
        CHECK (time >= '1990-01-01 00:00:00+00' AND time < '10000-01-01 00:00:00+00'),
    CONSTRAINT system_metrics_cpu_usage
        CHECK (cpu_usage > '-Infinity' AND cpu_usage < 'Infinity'),
    CONSTRAINT system_metrics_memory_usage
        CHECK (memory_usage > '-Infinity' AND memory_usage < 'Infinity'),
    CONSTRAINT system_metrics_request_rate
        CHECK (request_rate > '-Infinity' AND request_rate < 'Infinity'),
    CONSTRAINT system_metrics_error_rate
        CHECK (error_rate > '-Infinity' AND error_rate < 'Infinity'),
    CONSTRAINT system_metrics_latency_p99
        CHECK (latency_p99 > '-Infinity' AND latency_p99 < 'Infinity'),
    CONSTRAINT system_metrics_revision CHECK (revision >= 1)
);
