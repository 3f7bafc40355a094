package bss.peer;

import bss.peer.Model.Activity;
import bss.peer.Model.View;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.EmitStrategy;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Named;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;
import org.apache.kafka.streams.state.WindowStore;

/**
 * recommendation, simpler than bss: a product's neighbours are those seen within the last three of a
 * session, by count; trending is the plain hopping window (1 h every 5 min). Not compared in detail.
 */
final class RecommendationTopology {
    private static final long GAP = Duration.ofMinutes(30).toMillis();
    private static final int RECENT = 3;
    private static final int NEIGHBOURS = 50;
    private static final int GIVEN = 10;
    private static final byte[] RECOMMENDED = Events.utf8("bss.recommendation.v1");
    private static final byte[] TRENDING = Events.utf8("bss.products.trending.v1");
    private static final Comparator<Map.Entry<String, Integer>> BEST =
            Map.Entry.<String, Integer>comparingByValue().reversed().thenComparing(Map.Entry.comparingByKey());

    private RecommendationTopology() {}

    static void build(Wiring w) {
        w.builder.addStateStore(Stores.keyValueStoreBuilder(Stores.persistentKeyValueStore("profiles"), Codec.TEXT, Profile.SERDE)
                .withCachingEnabled());
        KStream<String, Seen> seen = w.events("product.views", View.READ)
                .mapValues(v -> new Seen(v.productId, v.category, 1, v.time))
                .merge(w.events("customer.events", Activity.READ)
                        .filter((customer, a) -> a.productId != null && a.activityType.equals("PURCHASE"))
                        .mapValues(a -> new Seen(a.productId, a.category, 5, a.time)));
        seen.process(Profiles::new, Named.as("profiles-kept"), "profiles");
        w.sink("touches-out", w.between("touches"), "profiles-kept");

        w.builder.addStateStore(Stores.keyValueStoreBuilder(Stores.persistentKeyValueStore("related"), Codec.TEXT, COUNTS)
                .withCachingEnabled());
        KStream<String, Touch> touches = w.builder.stream(w.between("touches"), Consumed.with(Codec.TEXT, Touch.SERDE));
        touches.process(Related::new, Named.as("related-kept"), "related");
        w.sink("recommendations-out", w.topic("recommendations"), "related-kept");

        w.closingBehind(touches.filter((product, t) -> t.weight > 0))
                .groupByKey()
                .windowedBy(TimeWindows.ofSizeAndGrace(Duration.ofHours(1), w.graceBehind).advanceBy(Duration.ofMinutes(5)))
                .emitStrategy(EmitStrategy.onWindowClose())
                .aggregate(() -> 0, (product, t, sum) -> sum + t.weight,
                        Materialized.<String, Integer, WindowStore<Bytes, byte[]>>as("trend")
                                .withKeySerde(Codec.TEXT).withValueSerde(Serdes.Integer()).withRetention(w.keptBehind()))
                .toStream()
                .map((window, sum) -> KeyValue.pair(Long.toString(window.window().start()), window.key() + ":" + sum))
                .groupByKey(Grouped.with("trend-by-window", Codec.TEXT, Codec.TEXT))
                .<Map<String, Integer>>aggregate(HashMap::new, (start, one, best) -> offer(best, one),
                        Materialized.<String, Map<String, Integer>, KeyValueStore<Bytes, byte[]>>as("trend-top")
                                .withKeySerde(Codec.TEXT).withValueSerde(COUNTS))
                .toStream().process(TrendTold::new, Named.as("trending-told"));
        w.sink("trending-out", w.topic("products.trending"), "trending-told");
    }

    private static Map<String, Integer> offer(Map<String, Integer> best, String one) {
        int at = one.lastIndexOf(':');
        best.put(one.substring(0, at), Integer.parseInt(one.substring(at + 1)));
        if (best.size() > GIVEN) best.remove(best.entrySet().stream().max(BEST).orElseThrow().getKey());
        return best;
    }

    /** A product that a customer looked at or bought. */
    record Seen(String product, String category, int weight, long time) {}

    /** A customer's interest by category, and the last products of the session. */
    static final class Profile {
        final Map<String, Double> categories = new HashMap<>();
        final List<String> recent = new ArrayList<>();
        long last;

        static final Serde<Profile> SERDE = Codec.binary((out, p) -> {
            out.writeLong(p.last);
            texts(out, p.recent);
            out.writeByte(p.categories.size());
            for (Map.Entry<String, Double> e : p.categories.entrySet()) {
                out.writeUTF(e.getKey());
                out.writeDouble(e.getValue());
            }
        }, in -> {
            Profile p = new Profile();
            p.last = in.readLong();
            p.recent.addAll(texts(in));
            for (int i = in.readUnsignedByte(); i > 0; i--) p.categories.put(in.readUTF(), in.readDouble());
            return p;
        });
    }

    private static void texts(java.io.DataOutputStream out, List<String> texts) throws IOException {
        out.writeByte(texts.size());
        for (String text : texts) out.writeUTF(text);
    }

    private static List<String> texts(java.io.DataInputStream in) throws IOException {
        List<String> texts = new ArrayList<>();
        for (int i = in.readUnsignedByte(); i > 0; i--) texts.add(in.readUTF());
        return texts;
    }

    /** What goes to a product: others to count, and, with a customer, a question. */
    record Touch(String customer, List<String> others, int weight) {
        static final Serde<Touch> SERDE = Codec.binary((out, t) -> {
            out.writeUTF(t.customer);
            texts(out, t.others);
            out.writeByte(t.weight);
        }, in -> new Touch(in.readUTF(), texts(in), in.readByte()));
    }

    private static final Serde<Map<String, Integer>> COUNTS = Codec.binary((out, counts) -> {
        out.writeByte(counts.size());
        for (Map.Entry<String, Integer> e : counts.entrySet()) {
            out.writeUTF(e.getKey());
            out.writeInt(e.getValue());
        }
    }, in -> {
        Map<String, Integer> counts = new HashMap<>();
        for (int i = in.readUnsignedByte(); i > 0; i--) counts.put(in.readUTF(), in.readInt());
        return counts;
    });

    private static final class Profiles implements Processor<String, Seen, String, byte[]> {
        private ProcessorContext<String, byte[]> context;
        private KeyValueStore<String, Profile> profiles;

        @Override
        public void init(ProcessorContext<String, byte[]> context) {
            this.context = context;
            profiles = context.getStateStore("profiles");
        }

        @Override
        public void process(Record<String, Seen> record) {
            Seen s = record.value();
            Profile p = profiles.get(record.key());
            if (p == null) p = new Profile();
            if (s.time - p.last > GAP) p.recent.clear();
            p.categories.replaceAll((category, interest) -> interest * 0.98);
            p.categories.merge(s.category, (double) s.weight, Double::sum);
            List<String> others = new ArrayList<>(p.recent);
            others.remove(s.product);
            send(s.product, new Touch(record.key(), others, s.weight), s.time);
            for (String other : others) send(other, new Touch("", List.of(s.product), 0), s.time);
            p.recent.remove(s.product);
            p.recent.add(s.product);
            if (p.recent.size() > RECENT) p.recent.remove(0);
            p.last = Math.max(p.last, s.time);
            profiles.put(record.key(), p);
        }

        private void send(String product, Touch touch, long time) {
            context.forward(new Record<>(product, Touch.SERDE.serializer().serialize(null, touch), time), "touches-out");
        }
    }

    private static final class Related implements Processor<String, Touch, String, byte[]> {
        private Events events;
        private KeyValueStore<String, Map<String, Integer>> related;

        @Override
        public void init(ProcessorContext<String, byte[]> context) {
            events = new Events(context, "recommendation");
            related = context.getStateStore("related");
        }

        @Override
        public void process(Record<String, Touch> record) {
            Touch t = record.value();
            Map<String, Integer> counts = related.get(record.key());
            if (counts == null) counts = new HashMap<>();
            for (String other : t.others) {
                if (counts.size() >= NEIGHBOURS && !counts.containsKey(other)) {
                    counts.remove(counts.entrySet().stream().max(BEST).orElseThrow().getKey());
                }
                counts.merge(other, 1, Integer::sum);
            }
            if (!t.others.isEmpty()) related.put(record.key(), counts);
            if (t.customer.isEmpty() || counts.isEmpty()) return;
            try {
                JsonGenerator out = events.begin();
                out.writeStringField("customerId", t.customer);
                out.writeStringField("basedOn", record.key());
                out.writeArrayFieldStart("products");
                for (var e : counts.entrySet().stream().filter(e -> !t.others.contains(e.getKey())).sorted(BEST).limit(GIVEN).toList()) {
                    out.writeString(e.getKey());
                }
                out.writeEndArray();
                Events.time(out, "timestamp", record.timestamp());
                events.send("recommendations-out", t.customer, RECOMMENDED,
                        t.customer + "/" + record.key() + "/" + record.timestamp() * 1000, record.timestamp());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private static final class TrendTold implements Processor<String, Map<String, Integer>, String, byte[]> {
        private Events events;

        @Override
        public void init(ProcessorContext<String, byte[]> context) {
            events = new Events(context, "recommendation");
        }

        @Override
        public void process(Record<String, Map<String, Integer>> record) {
            try {
                JsonGenerator out = events.begin();
                out.writeStringField("windowStart", Times.rfc3339(Long.parseLong(record.key())));
                out.writeObjectFieldStart("products");
                for (var e : record.value().entrySet().stream().sorted(BEST).toList()) out.writeNumberField(e.getKey(), e.getValue());
                out.writeEndObject();
                events.send("trending-out", record.key(), TRENDING, record.key(), record.timestamp());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
