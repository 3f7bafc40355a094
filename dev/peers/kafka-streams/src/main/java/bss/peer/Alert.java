package bss.peer;

import java.util.List;

/** One alert: what it says, and the values its rule saw, by name. */
record Alert(
        String rule,
        String severity,
        List<String> paymentIds,
        long windowStart,
        long windowEnd,
        Object[] values,
        String description) {}
