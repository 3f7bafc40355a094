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
    /** A wallet gives another token at each try: it is one instrument. */
    static final Set<String> WALLETS = Set.of("WALLET", "APPLE_PAY", "GOOGLE_PAY", "SAMSUNG_PAY", "PAYPAL");
    static final long LOCATION_WINDOW = 2 * HOUR;
    static final double HIGH_VALUE = 1_000;
    static final double HIGH_VALUE_WEIGHT = 0.5;
    static final double AMOUNT_RATIO_WEIGHT = 0.95;
    static final double AMOUNT_RATIO_HALF = 3.0;
    static final double LATELY_WEIGHT = 0.3;
    static final double LATELY_HALF_LIFE = 4.0 * DAY;
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
}
