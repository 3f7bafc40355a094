package bss.peer;

import java.util.Set;

/** The numbers of the rules, as bss has them by default. Spans are milliseconds. */
final class Rules {
    private Rules() {}

    static final long MINUTE = 60_000;
    static final long HOUR = 60 * MINUTE;
    static final long DAY = 24 * HOUR;

    static final long GRACE = 10 * MINUTE;
    static final long RAPID_WINDOW = 5 * MINUTE;
    static final int RAPID_HIGH = 10;
    static final int RAPID_CRITICAL = 20;
    static final long VELOCITY_WINDOW = HOUR;
    static final double UNUSUAL_RATIO = 5.0;
    static final int UNUSUAL_MIN_PAYMENTS = 5;
    static final double UNUSUAL_DEVIATIONS = 4.0;
    static final int UNUSUAL_DEVIATIONS_MIN_PAYMENTS = 20;
    static final double HISTORY_HALF_LIFE = 30.0 * DAY;
    static final int MAX_CURRENCIES = 8;
    static final long CARD_TESTING_WINDOW = 10 * MINUTE;
    static final int CARD_TESTING_DECLINES = 5;
    static final int CARD_TESTING_INSTRUMENTS = 3;
    static final long CARD_TESTING_MAX_AMOUNT = 5 * Payment.UNIT;
    static final long LOCATION_WINDOW = 2 * HOUR;
    static final long HIGH_VALUE = 1_000 * Payment.UNIT;
    static final double SCORE_HALF_LIFE = DAY;
    static final double HIGH_RISK = 75.0;
    static final double CRITICAL_RISK = 90.0;
    static final long CUSTOMER_TTL = 90 * DAY;

    static final long LATENESS_LIMIT = GRACE + VELOCITY_WINDOW;
    static final long RETENTION = VELOCITY_WINDOW + GRACE;
    /** Ids are kept as text this long, for alerts to name them. */
    static final long TEXT_RETENTION = CARD_TESTING_WINDOW + GRACE;
    static final long DECLINE_RETENTION = CARD_TESTING_WINDOW + GRACE;
    static final int MAX_ENTRIES = 256;

    static final Set<String> PROCESSOR_REASONS =
            Set.of("processor_unavailable", "processor_error", "network_error", "timeout");

    /** Whether a payment tells about its customer. */
    static boolean counts(Payment p) {
        return switch (p.status) {
            case REFUNDED, CANCELLED -> false;
            case FAILED -> p.failureReason == null || !PROCESSOR_REASONS.contains(p.failureReason);
            default -> true;
        };
    }

    static double decay(long elapsed, double halfLife) {
        return elapsed <= 0 ? 1.0 : Math.pow(2.0, -elapsed / halfLife);
    }

    static double velocityWeight(int payments) {
        return payments > 20 ? 0.85 : payments > 10 ? 0.70 : payments > 5 ? 0.50 : 0.0;
    }

    static double highValueWeight(long amount) {
        return amount >= 10 * HIGH_VALUE ? 0.30 : amount >= 5 * HIGH_VALUE ? 0.20 : amount >= HIGH_VALUE ? 0.10 : 0.0;
    }
}
