package bss.peer;

import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * What the windows must hold, reckoned while the events are loaded: an event is late if its window
 * (and the grace) had passed by the stream time of its own partition. Each event comes once, an
 * order has one event.
 */
final class Expected {
    /** A set of windows: the events of {@code input}, found again in the sums {@code field} of the output {@code subject}. */
    record Windows(String input, String subject, String field, long size) {}

    static final Windows[] SETS = {
        new Windows("customer.events", "customer.activity.aggregated", "count", 300_000),
        new Windows("customer.events", "customer.sessions", "count", 1_800_000),
        new Windows("order.events", "orders.region.trend", "orders", 3_600_000),
        new Windows("order.events", "revenue.metrics", "ordersCount", 3_600_000),
    };

    private final Map<String, Long> streamTimes = new HashMap<>();
    private final TreeMap<String, Long> numbers = new TreeMap<>();
    private final long grace;

    Expected(long grace) {
        this.grace = grace;
    }

    void take(String subject, int partition, String json) {
        add("events " + subject, 1);
        for (Windows w : SETS) {
            if (!w.input.equals(subject)) continue;
            int at = json.lastIndexOf("\"timestamp\":\"") + 13;
            long time = Instant.parse(json.substring(at, json.indexOf('"', at))).toEpochMilli();
            long reached = streamTimes.merge(w.subject + partition, time, Math::max);
            // A session is open as long as an event within its gap could come.
            long end = w.subject.equals("customer.sessions") ? time + w.size + 1 : Math.floorDiv(time, w.size) * w.size + w.size;
            if (w.subject.equals("revenue.metrics") && json.contains("\"status\":\"CANCELLED\"")) add("left out " + w.subject, 1);
            else if (end + grace <= reached) add("late " + w.subject, 1);
        }
    }

    private void add(String name, long more) {
        numbers.merge(name, more, Long::sum);
    }

    static long number(Map<String, Long> numbers, String name) {
        return numbers.getOrDefault(name, 0L);
    }

    void save(Path file) throws IOException {
        try (Writer out = Files.newBufferedWriter(file)) {
            for (Map.Entry<String, Long> e : numbers.entrySet()) out.write(e.getKey() + "\t" + e.getValue() + "\n");
        }
    }
}
