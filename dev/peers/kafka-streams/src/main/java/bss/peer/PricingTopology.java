package bss.peer;

import bss.peer.Model.Order;
import bss.peer.Model.Product;
import bss.peer.Model.View;
import java.time.Duration;
import java.util.Set;
import net.openhft.hashing.LongHashFunction;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.EmitStrategy;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Named;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;
import org.apache.kafka.streams.state.WindowStore;

/** dynamic-pricing: each order and view counted once, by product and window; a price when a window closes. */
final class PricingTopology {
    static final long WINDOW = 900_000;
    private static final int MOST_UNITS = 100;
    private static final int MOST_ORDERS = 256;
    private static final long REMEMBERED = Duration.ofDays(7).toMillis();
    private static final Set<String> IGNORED = Set.of("CANCELLED", "DECLINED", "FAILED", "REFUNDED", "REJECTED", "RETURNED");

    private PricingTopology() {}

    static void build(Wiring w) {
        w.builder.addStateStore(Stores.keyValueStoreBuilder(Stores.persistentKeyValueStore("pricing-placed"), Codec.TEXT, Placed.SERDE)
                .withCachingEnabled());
        w.events("order.events", Order.READ).process(() -> new Orders(w.grace.toMillis()), Named.as("pricing-orders"), "pricing-placed");
        w.events("product.views", View.READ).process(() -> new Views(w.grace.toMillis()), Named.as("pricing-views"));
        w.sink("demand-of-orders", w.between("demand"), "pricing-orders");
        w.sink("demand-of-views", w.between("demand"), "pricing-views");

        w.builder.stream(w.topic("product.catalog"), Wiring.timed(Product.READ))
                .toTable(Materialized.<String, Product, KeyValueStore<Bytes, byte[]>>as("pricing-catalog")
                        .withKeySerde(Codec.TEXT).withValueSerde(ROW));
        w.builder.addStateStore(Stores.keyValueStoreBuilder(Stores.persistentKeyValueStore("pricing-standing"), Codec.TEXT, Standing.SERDE)
                .withCachingEnabled());
        w.closingBehind(w.builder.stream(w.between("demand"), Consumed.with(Codec.TEXT, Demand.SERDE)))
                .groupByKey()
                .windowedBy(TimeWindows.ofSizeAndGrace(Duration.ofMillis(WINDOW), w.graceBehind))
                .emitStrategy(EmitStrategy.onWindowClose())
                .reduce(Demand::join, Materialized.<String, Demand, WindowStore<Bytes, byte[]>>as("pricing-demand")
                        .withKeySerde(Codec.TEXT).withValueSerde(Demand.SERDE).withRetention(w.keptBehind()))
                .toStream().process(PriceProcessor::new, Named.as("prices"), "pricing-catalog", "pricing-standing");
        w.sink("prices-out", w.topic("pricing.recommendations"), "prices");
    }

    private static final Serde<Product> ROW = Codec.binary((out, p) -> {
        out.writeUTF(p.currency);
        out.writeLong(p.base);
        out.writeLong(p.floor);
        out.writeLong(p.ceiling);
        out.writeDouble(p.expected);
        out.writeLong(p.time);
    }, in -> {
        Product p = new Product();
        p.currency = in.readUTF();
        p.base = in.readLong();
        p.floor = in.readLong();
        p.ceiling = in.readLong();
        p.expected = in.readDouble();
        p.time = in.readLong();
        return p;
    });

    record Demand(long units, long orders, long views) {
        static final Demand NONE = new Demand(0, 0, 0);

        static final Serde<Demand> SERDE = Codec.binary((out, d) -> {
            out.writeLong(d.units);
            out.writeLong(d.orders);
            out.writeLong(d.views);
        }, in -> new Demand(in.readLong(), in.readLong(), in.readLong()));

        Demand join(Demand more) {
            return new Demand(units + more.units, orders + more.orders, views + more.views);
        }
    }

    /** The orders of a customer that were counted: times and hashes of ids, by time. */
    static final class Placed {
        private static final LongHashFunction XXH3 = LongHashFunction.xx3();
        long[] times = new long[4], hashes = new long[4];
        int size;

        static final Serde<Placed> SERDE = Codec.binary((out, p) -> {
            out.writeShort(p.size);
            for (int i = 0; i < p.size; i++) {
                out.writeLong(p.times[i]);
                out.writeLong(p.hashes[i]);
            }
        }, in -> {
            Placed p = new Placed();
            p.size = in.readShort();
            p.times = new long[p.size + 1];
            p.hashes = new long[p.size + 1];
            for (int i = 0; i < p.size; i++) {
                p.times[i] = in.readLong();
                p.hashes[i] = in.readLong();
            }
            return p;
        });

        boolean isFirst(Order o) {
            long hash = XXH3.hashChars(o.orderId);
            for (int i = 0; i < size; i++) if (hashes[i] == hash) return false;
            if (size == times.length) {
                times = java.util.Arrays.copyOf(times, size * 2);
                hashes = java.util.Arrays.copyOf(hashes, size * 2);
            }
            int at = size++;
            for (; at > 0 && times[at - 1] > o.time; at--) {
                times[at] = times[at - 1];
                hashes[at] = hashes[at - 1];
            }
            times[at] = o.time;
            hashes[at] = hash;
            int gone = Math.max(0, size - MOST_ORDERS);
            while (times[gone] < times[size - 1] - REMEMBERED) gone++;
            size -= gone;
            System.arraycopy(times, gone, times, 0, size);
            System.arraycopy(hashes, gone, hashes, 0, size);
            return true;
        }
    }

    /** Decides lateness at the source, by its own time, and hands demand on by product. */
    private abstract static class Source<T extends Model.Timed> implements Processor<String, T, String, byte[]> {
        private final long grace;
        private ProcessorContext<String, byte[]> context;
        private long streamTime = Long.MIN_VALUE;

        Source(long grace) {
            this.grace = grace;
        }

        @Override
        public void init(ProcessorContext<String, byte[]> context) {
            this.context = context;
        }

        boolean late(long time) {
            streamTime = Math.max(streamTime, time);
            return Math.floorDiv(time, WINDOW) * WINDOW + WINDOW + grace <= streamTime;
        }

        void handOn(String product, Demand demand, long time, String sink) {
            context.forward(new Record<>(product, Demand.SERDE.serializer().serialize(null, demand), time), sink);
        }
    }

    private static final class Orders extends Source<Order> {
        private KeyValueStore<String, Placed> placed;

        Orders(long grace) {
            super(grace);
        }

        @Override
        public void init(ProcessorContext<String, byte[]> context) {
            super.init(context);
            placed = context.getStateStore("pricing-placed");
        }

        @Override
        public void process(Record<String, Order> record) {
            Order o = record.value();
            if (o == null || late(o.time) || o.productId == null || IGNORED.contains(o.status)) return;
            Placed state = placed.get(record.key());
            if (state == null) state = new Placed();
            if (!state.isFirst(o)) return;
            placed.put(record.key(), state);
            handOn(o.productId, new Demand(Math.min(o.items, MOST_UNITS), 1, 0), o.time, "demand-of-orders");
        }
    }

    private static final class Views extends Source<View> {
        Views(long grace) {
            super(grace);
        }

        @Override
        public void process(Record<String, View> record) {
            View v = record.value();
            if (v != null && !late(v.time)) handOn(v.productId, new Demand(0, 0, 1), v.time, "demand-of-views");
        }
    }
}
