package bss.peer;

import bss.peer.Model.Activity;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.kstream.EmitStrategy;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Named;
import org.apache.kafka.streams.kstream.SessionWindows;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.SessionStore;
import org.apache.kafka.streams.state.WindowStore;

/** customer-activity: counts and scores by window and by session, each told once, when it closes. */
final class ActivityTopology {
    private static final Map<String, Integer> WEIGHTS =
            Map.of("PRODUCT_VIEW", 1, "SEARCH", 1, "ADD_TO_CART", 3, "CHECKOUT", 5, "PURCHASE", 10);
    /**
     * Final results come once a second of the wall clock; in a catch-up hours of event time pass in
     * one, and with the usual retention (gap and grace) sessions are gone before they are told.
     */
    private static final Duration KEPT = Duration.ofDays(1);
    private static final byte[] AGGREGATED = Events.utf8("bss.customer.activity.aggregated.v1");
    private static final byte[] SESSION = Events.utf8("bss.customer.session.v1");
    private static final byte[] METRIC = Events.utf8("bss.customer.metric.v1");

    private ActivityTopology() {}

    /** Counts by type. */
    static final class Sums {
        final TreeMap<String, Long> types = new TreeMap<>();

        Sums add(String type) {
            types.merge(type, 1L, Long::sum);
            return this;
        }

        Sums join(Sums more) {
            more.types.forEach((type, count) -> types.merge(type, count, Long::sum));
            return this;
        }

        long count() {
            long sum = 0;
            for (long count : types.values()) sum += count;
            return sum;
        }

        /** In thousandths. */
        long score() {
            long sum = 0;
            for (Map.Entry<String, Long> e : types.entrySet()) sum += 1000L * WEIGHTS.getOrDefault(e.getKey(), 1) * e.getValue();
            return sum;
        }

        static final Serde<Sums> SERDE = Codec.binary((out, s) -> {
            out.writeByte(s.types.size());
            for (Map.Entry<String, Long> e : s.types.entrySet()) {
                out.writeUTF(e.getKey());
                out.writeInt(Math.toIntExact(e.getValue()));
            }
        }, in -> {
            Sums s = new Sums();
            for (int i = in.readUnsignedByte(); i > 0; i--) s.types.put(in.readUTF(), (long) in.readInt());
            return s;
        });
    }

    static void build(Wiring w) {
        KStream<String, Activity> events = Wiring.closing(w.events("customer.events", Activity.READ), w.grace.plusHours(1));
        events.groupByKey()
                .windowedBy(TimeWindows.ofSizeAndGrace(Duration.ofMinutes(5), w.grace))
                .emitStrategy(EmitStrategy.onWindowClose())
                .aggregate(Sums::new, (customer, a, sums) -> sums.add(a.activityType),
                        Materialized.<String, Sums, WindowStore<Bytes, byte[]>>as("activity-windows")
                                .withKeySerde(Codec.TEXT).withValueSerde(Sums.SERDE).withRetention(KEPT))
                .toStream().process(WindowsTold::new, Named.as("activity-windows-told"));
        w.sink("activity-aggregated", w.topic("customer.activity.aggregated"), "activity-windows-told");
        w.sink("activity-metrics", w.topic("customer.metrics"), "activity-windows-told");

        // The session that an event names wins: a customer's events of two sessions are not one.
        Wiring.samePartition(events.selectKey((customer, a) -> a.sessionId == null ? customer : customer + "\0" + a.sessionId))
                .groupByKey(Grouped.keySerde(Codec.TEXT))
                .windowedBy(SessionWindows.ofInactivityGapAndGrace(Duration.ofMinutes(30), w.grace))
                .emitStrategy(EmitStrategy.onWindowClose())
                .aggregate(Sums::new, (key, a, sums) -> sums.add(a.activityType), (key, one, other) -> one.join(other),
                        Materialized.<String, Sums, SessionStore<Bytes, byte[]>>as("activity-sessions")
                                .withKeySerde(Codec.TEXT).withValueSerde(Sums.SERDE).withRetention(KEPT))
                .toStream().process(SessionsTold::new, Named.as("activity-sessions-told"));
        w.sink("activity-ended", w.topic("customer.sessions"), "activity-sessions-told");
        w.sink("activity-durations", w.topic("customer.metrics"), "activity-sessions-told");
    }

    private abstract static class Told implements Processor<Windowed<String>, Sums, String, byte[]> {
        Events events;

        @Override
        public void init(ProcessorContext<String, byte[]> context) {
            events = new Events(context, "customer-activity");
        }

        @Override
        public void process(Record<Windowed<String>, Sums> record) {
            if (record.value() == null) return;
            try {
                tell(record.key(), record.value());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        abstract void tell(Windowed<String> window, Sums sums) throws IOException;

        static void sums(JsonGenerator out, Sums sums) throws IOException {
            out.writeNumberField("count", sums.count());
            out.writeObjectFieldStart("activityCounts");
            for (Map.Entry<String, Long> e : sums.types.entrySet()) out.writeNumberField(e.getKey(), e.getValue());
            out.writeEndObject();
            Events.thousandths(out, "activityScore", sums.score());
            out.writeNumberField("revision", 1);
        }

        void metric(String sink, String customer, String name, long thousandths, long time, String source) throws IOException {
            JsonGenerator out = events.begin();
            out.writeStringField("customerId", customer);
            out.writeStringField("metricName", name);
            Events.thousandths(out, "metricValue", thousandths);
            Events.time(out, "timestamp", time);
            events.revision();
            events.send(sink, customer, METRIC, source + "/" + name, time);
        }
    }

    private static final class WindowsTold extends Told {
        @Override
        void tell(Windowed<String> window, Sums sums) throws IOException {
            String customer = window.key();
            long start = window.window().start();
            long end = window.window().end();
            String id = customer + "/" + Events.span(start, end);
            JsonGenerator out = events.begin();
            out.writeStringField("customerId", customer);
            Events.time(out, "windowStart", start);
            Events.time(out, "windowEnd", end);
            sums(out, sums);
            events.send("activity-aggregated", customer, AGGREGATED, id, end);
            metric("activity-metrics", customer, "activity_count", sums.count() * 1000, start, id);
            metric("activity-metrics", customer, "activity_score", sums.score(), start, id);
        }
    }

    private static final class SessionsTold extends Told {
        @Override
        void tell(Windowed<String> window, Sums sums) throws IOException {
            int zero = window.key().indexOf('\0');
            String customer = zero < 0 ? window.key() : window.key().substring(0, zero);
            String session = zero < 0 ? null : window.key().substring(zero + 1);
            long start = window.window().start();
            long end = window.window().end();
            String id = customer + "/" + (session == null ? "" : session + "/") + Events.span(start, end);
            JsonGenerator out = events.begin();
            out.writeStringField("customerId", customer);
            Events.optional(out, "sessionId", session);
            Events.time(out, "start", start);
            Events.time(out, "end", end);
            out.writeNumberField("durationMs", end - start);
            sums(out, sums);
            events.send("activity-ended", customer, SESSION, id, end);
            metric("activity-durations", customer, "session_duration", end - start, start, id);
        }
    }
}
