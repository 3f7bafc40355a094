package bss.peer;

import bss.peer.Model.Customer;
import bss.peer.Model.Order;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import net.openhft.hashing.LongHashFunction;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.EmitStrategy;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Named;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;
import org.apache.kafka.streams.state.ValueAndTimestamp;
import org.apache.kafka.streams.state.WindowStore;

/**
 * order-enrichment: the customer's tier, orders of high value, metrics; then, by region, trend and
 * revenue. An order without a row of its customer is told at once as unknown: the bench makes none.
 */
final class OrderTopology {
    private static final long WINDOW = 3_600_000;
    private static final long REMEMBERED = Duration.ofDays(30).toMillis();
    private static final int MOST_REMEMBERED = 1024;
    private static final long HIGH_VALUE = 1000 * Payment.UNIT;
    private static final String UNKNOWN = "UNKNOWN";
    private static final Set<String> NO_REVENUE = Set.of("CANCELLED", "FAILED", "REJECTED", "REFUNDED");
    private static final byte[] ENRICHED = Events.utf8("bss.order.enriched.v1");
    private static final byte[] HIGH = Events.utf8("bss.order.high-value.v1");
    private static final byte[] METRIC = Events.utf8("bss.order.metric.v1");
    private static final byte[] TREND = Events.utf8("bss.orders.region-trend.v1");
    private static final byte[] REVENUE = Events.utf8("bss.revenue.metric.v1");

    private OrderTopology() {}

    static void build(Wiring w) {
        w.builder.stream(w.topic("customer.info"), Wiring.timed(Customer.READ))
                .toTable(Materialized.<String, Customer, KeyValueStore<Bytes, byte[]>>as("order-customer-rows")
                        .withKeySerde(Codec.TEXT).withValueSerde(ROW));
        w.builder.addStateStore(Stores.keyValueStoreBuilder(Stores.persistentKeyValueStore("orders-seen"), Codec.TEXT, Seen.SERDE)
                .withCachingEnabled());
        w.events("order.events", Order.READ)
                .process(() -> new Enrich(w.grace.toMillis()), Named.as("orders"), "order-customer-rows", "orders-seen");
        w.sink("orders-enriched", w.topic("orders.enriched"), "orders");
        w.sink("orders-high-value", w.topic("orders.highvalue"), "orders");
        w.sink("order-metrics", w.topic("order.metrics"), "orders");
        w.sink("orders-by-region", w.between("regions"), "orders");

        KStream<String, Counted> byRegion = w.builder.stream(w.between("regions"), Consumed.with(Codec.TEXT, Counted.SERDE));
        TimeWindows hours = TimeWindows.ofSizeAndGrace(Duration.ofMillis(WINDOW), w.graceBehind);
        // Behind the filters: the record that closes must pass.
        w.closingBehind(byRegion.filter((region, c) -> c.asOrder))
                .groupByKey()
                .windowedBy(hours).emitStrategy(EmitStrategy.onWindowClose())
                .aggregate(RegionSums::new, (region, c, sums) -> sums.add(c),
                        Materialized.<String, RegionSums, WindowStore<Bytes, byte[]>>as("region-trend")
                                .withKeySerde(Codec.TEXT).withValueSerde(RegionSums.SERDE).withRetention(w.keptBehind()))
                .toStream().process(TrendTold::new, Named.as("trend-told"));
        w.sink("region-trend-out", w.topic("orders.region.trend"), "trend-told");
        Wiring.samePartition(w.closingBehind(byRegion.filter((region, c) -> c.asRevenue)).selectKey((region, c) -> c.revenueKey()))
                .groupByKey(Grouped.keySerde(Codec.TEXT))
                .windowedBy(hours).emitStrategy(EmitStrategy.onWindowClose())
                .aggregate(RevenueSums::new, (key, c, sums) -> sums.add(c),
                        Materialized.<String, RevenueSums, WindowStore<Bytes, byte[]>>as("revenue")
                                .withKeySerde(Codec.TEXT).withValueSerde(RevenueSums.SERDE).withRetention(w.keptBehind()))
                .toStream().process(RevenueTold::new, Named.as("revenue-told"));
        w.sink("revenue-metrics", w.topic("revenue.metrics"), "revenue-told");
    }

    private static final Serde<Customer> ROW = Codec.binary((out, c) -> {
        out.writeUTF(c.tier);
        Codec.optional(out, c.region);
        out.writeLong(c.time);
    }, in -> {
        Customer c = new Customer();
        c.tier = in.readUTF();
        c.region = Codec.optional(in);
        c.time = in.readLong();
        return c;
    });

    /** The orders of a customer that were seen: hashes of id, step and content, when, and whether revenue counted. */
    static final class Seen {
        private static final LongHashFunction XXH3 = LongHashFunction.xx3();
        long[] order = new long[4], step = new long[4], at = new long[4];
        int[] content = new int[4];
        boolean[] revenue = new boolean[4];
        int size;

        static final Serde<Seen> SERDE = Codec.binary((out, s) -> {
            out.writeShort(s.size);
            for (int i = 0; i < s.size; i++) {
                out.writeLong(s.order[i]);
                out.writeLong(s.step[i]);
                out.writeLong(s.at[i]);
                out.writeInt(s.content[i]);
                out.writeBoolean(s.revenue[i]);
            }
        }, in -> {
            Seen s = new Seen();
            s.size = in.readShort();
            s.grow(s.size);
            for (int i = 0; i < s.size; i++) {
                s.order[i] = in.readLong();
                s.step[i] = in.readLong();
                s.at[i] = in.readLong();
                s.content[i] = in.readInt();
                s.revenue[i] = in.readBoolean();
            }
            return s;
        });

        private void grow(int length) {
            if (length <= order.length) return;
            int room = Math.max(length, order.length * 2);
            order = java.util.Arrays.copyOf(order, room);
            step = java.util.Arrays.copyOf(step, room);
            at = java.util.Arrays.copyOf(at, room);
            content = java.util.Arrays.copyOf(content, room);
            revenue = java.util.Arrays.copyOf(revenue, room);
        }

        private static int content(Order o) {
            String text = o.amount + "\0" + o.currency + "\0" + o.items + "\0" + o.productId + "\0" + o.region + "\0" + o.categories;
            return (int) XXH3.hashChars(text);
        }

        /** Takes an order in; null if it is a repetition (or says other than before). */
        Counted take(Order o, long streamTime) {
            int gone = 0;
            while (gone < size && at[gone] <= streamTime - REMEMBERED) gone++;
            if (size - gone == MOST_REMEMBERED) gone++;
            drop(gone);
            long id = XXH3.hashChars(o.orderId);
            long now = XXH3.hashChars(o.status + o.time);
            boolean known = false;
            boolean counted = false;
            for (int i = 0; i < size; i++) {
                if (order[i] != id) continue;
                if (step[i] == now) return null;
                known = true;
                counted |= revenue[i];
            }
            boolean asRevenue = !counted && !NO_REVENUE.contains(o.status);
            grow(size + 1);
            order[size] = id;
            step[size] = now;
            at[size] = streamTime;
            content[size] = content(o);
            revenue[size++] = asRevenue;
            Counted c = new Counted();
            c.region = o.region;
            c.category = o.categories.isEmpty() ? null : o.categories.get(0);
            c.currency = o.currency;
            c.amount = o.amount;
            c.asOrder = !known;
            c.asRevenue = asRevenue;
            return c;
        }

        private void drop(int gone) {
            if (gone == 0) return;
            size -= gone;
            System.arraycopy(order, gone, order, 0, size);
            System.arraycopy(step, gone, step, 0, size);
            System.arraycopy(at, gone, at, 0, size);
            System.arraycopy(content, gone, content, 0, size);
            System.arraycopy(revenue, gone, revenue, 0, size);
        }
    }

    /** What an order adds to the windows of its region. */
    static final class Counted {
        String region, category, currency;
        long amount;
        boolean asOrder, asRevenue;

        static final Serde<Counted> SERDE = Codec.binary((out, c) -> {
            Codec.optional(out, c.region);
            Codec.optional(out, c.category);
            out.writeUTF(c.currency);
            out.writeLong(c.amount);
            out.writeByte((c.asOrder ? 1 : 0) | (c.asRevenue ? 2 : 0));
        }, in -> {
            Counted c = new Counted();
            c.region = Codec.optional(in);
            c.category = Codec.optional(in);
            c.currency = in.readUTF();
            c.amount = in.readLong();
            int flags = in.readByte();
            c.asOrder = (flags & 1) != 0;
            c.asRevenue = (flags & 2) != 0;
            return c;
        });

        String regionName() {
            return region == null ? UNKNOWN : region;
        }

        String revenueKey() {
            return (region == null ? "" : region) + "/" + (category == null ? "" : category) + "/" + currency;
        }
    }

    static final class RegionSums {
        long orders;
        final TreeMap<String, Long> amounts = new TreeMap<>();

        RegionSums add(Counted c) {
            orders++;
            amounts.merge(c.currency, c.amount, Math::addExact);
            return this;
        }

        static final Serde<RegionSums> SERDE = Codec.binary((out, s) -> {
            out.writeLong(s.orders);
            out.writeByte(s.amounts.size());
            for (Map.Entry<String, Long> e : s.amounts.entrySet()) {
                out.writeUTF(e.getKey());
                out.writeLong(e.getValue());
            }
        }, in -> {
            RegionSums s = new RegionSums();
            s.orders = in.readLong();
            for (int i = in.readUnsignedByte(); i > 0; i--) s.amounts.put(in.readUTF(), in.readLong());
            return s;
        });
    }

    static final class RevenueSums {
        long orders, amount;

        RevenueSums add(Counted c) {
            orders++;
            amount = Math.addExact(amount, c.amount);
            return this;
        }

        static final Serde<RevenueSums> SERDE = Codec.binary((out, s) -> {
            out.writeLong(s.orders);
            out.writeLong(s.amount);
        }, in -> {
            RevenueSums s = new RevenueSums();
            s.orders = in.readLong();
            s.amount = in.readLong();
            return s;
        });
    }

    private static final class Enrich implements Processor<String, Order, String, byte[]> {
        private final long grace;
        private Events events;
        private ProcessorContext<String, byte[]> context;
        private KeyValueStore<String, ValueAndTimestamp<Customer>> customers;
        private KeyValueStore<String, Seen> seen;
        private long streamTime = Long.MIN_VALUE;

        Enrich(long grace) {
            this.grace = grace;
        }

        @Override
        public void init(ProcessorContext<String, byte[]> context) {
            this.context = context;
            events = new Events(context, "order-enrichment");
            customers = context.getStateStore("order-customer-rows");
            seen = context.getStateStore("orders-seen");
        }

        @Override
        public void process(Record<String, Order> record) {
            Order o = record.value();
            if (o == null) return;
            streamTime = Math.max(streamTime, o.time);
            Seen state = seen.get(record.key());
            if (state == null) state = new Seen();
            Counted counted = state.take(o, streamTime);
            if (counted == null) return;
            seen.put(record.key(), state);
            ValueAndTimestamp<Customer> row = customers.get(record.key());
            try {
                tell(o, row == null ? null : row.value());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            // What is late is told here, at its source: behind, nothing is.
            boolean late = Math.floorDiv(o.time, WINDOW) * WINDOW + WINDOW + grace <= streamTime;
            if (!late && (counted.asOrder || counted.asRevenue)) {
                byte[] bytes = Counted.SERDE.serializer().serialize(null, counted);
                context.forward(new Record<>(counted.regionName(), bytes, o.time), "orders-by-region");
            }
        }

        private void tell(Order o, Customer c) throws IOException {
            String id = o.orderId + "/" + o.status + "/" + o.time * 1000;
            enriched(o, c).writeBooleanField("highValue", o.amount > HIGH_VALUE);
            events.revision();
            events.send("orders-enriched", o.customerId, ENRICHED, id + "/enriched", o.time);
            if (o.amount > HIGH_VALUE) {
                enriched(o, c).writeStringField("threshold", Payment.money(HIGH_VALUE));
                events.revision();
                events.send("orders-high-value", o.customerId, HIGH, id + "/high-value", o.time);
            }
            JsonGenerator out = events.begin();
            out.writeStringField("orderId", o.orderId);
            out.writeStringField("customerId", o.customerId);
            out.writeStringField("status", o.status);
            out.writeStringField("totalAmount", Payment.money(o.amount));
            out.writeStringField("currency", o.currency);
            out.writeNumberField("itemsCount", o.items);
            Events.optional(out, "region", o.region);
            Events.time(out, "timestamp", o.time);
            events.send("order-metrics", o.orderId, METRIC, id, o.time);
        }

        private JsonGenerator enriched(Order o, Customer c) throws IOException {
            JsonGenerator out = events.begin();
            out.writeStringField("orderId", o.orderId);
            out.writeStringField("customerId", o.customerId);
            Events.optional(out, "productId", o.productId);
            out.writeStringField("totalAmount", Payment.money(o.amount));
            out.writeStringField("currency", o.currency);
            out.writeNumberField("itemsCount", o.items);
            out.writeStringField("status", o.status);
            Events.optional(out, "region", o.region);
            out.writeArrayFieldStart("itemCategories");
            for (String category : o.categories) out.writeString(category);
            out.writeEndArray();
            Events.time(out, "timestamp", o.time);
            out.writeStringField("customerTier", c == null ? UNKNOWN : c.tier);
            if (c == null) {
                out.writeStringField("unmatchedReason", "absent");
            } else {
                Events.optional(out, "customerRegion", c.region);
                Events.time(out, "customerAsOf", c.time);
            }
            return out;
        }
    }

    private abstract static class Told<S> implements Processor<Windowed<String>, S, String, byte[]> {
        Events events;

        @Override
        public void init(ProcessorContext<String, byte[]> context) {
            events = new Events(context, "order-enrichment");
        }

        @Override
        public void process(Record<Windowed<String>, S> record) {
            if (record.value() == null) return;
            try {
                tell(record.key().key(), record.key().window().start(), record.key().window().end(), record.value());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        abstract void tell(String key, long start, long end, S sums) throws IOException;
    }

    private static final class TrendTold extends Told<RegionSums> {
        @Override
        void tell(String region, long start, long end, RegionSums sums) throws IOException {
            JsonGenerator out = events.begin();
            out.writeStringField("region", region);
            Events.time(out, "windowStart", start);
            Events.time(out, "windowEnd", end);
            out.writeNumberField("orders", sums.orders);
            out.writeObjectFieldStart("amounts");
            for (Map.Entry<String, Long> e : sums.amounts.entrySet()) {
                out.writeStringField(e.getKey(), Payment.money(e.getValue()));
            }
            out.writeEndObject();
            events.revision();
            events.send("region-trend-out", region, TREND, region + "/" + Events.span(start, end), end);
        }
    }

    private static final class RevenueTold extends Told<RevenueSums> {
        @Override
        void tell(String key, long start, long end, RevenueSums sums) throws IOException {
            String[] parts = key.split("/", -1);
            JsonGenerator out = events.begin();
            out.writeStringField("revenue", Payment.money(sums.amount));
            out.writeStringField("costs", "0.00");
            out.writeStringField("currency", parts[2]);
            out.writeNumberField("ordersCount", sums.orders);
            if (!parts[0].isEmpty()) out.writeStringField("region", parts[0]);
            if (!parts[1].isEmpty()) out.writeStringField("productCategory", parts[1]);
            Events.time(out, "timestamp", start);
            Events.time(out, "windowEnd", end);
            events.revision();
            events.send("revenue-metrics", parts[0].isEmpty() ? UNKNOWN : parts[0], REVENUE,
                    key + "/" + Events.span(start, end), start);
        }
    }
}
