package bss.peer;

import bss.peer.Model.Product;
import bss.peer.PricingTopology.Demand;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.ValueAndTimestamp;

/**
 * Prices products as their windows close, one window after the other: first the products with
 * events, then those whose price windows without one still move (in memory: a restart forgets them
 * until they have an event).
 */
final class PriceProcessor implements Processor<Windowed<String>, Demand, String, byte[]> {
    private static final byte[] TYPE = Events.utf8("bss.pricing.recommendation.v1");

    private Events events;
    private KeyValueStore<String, ValueAndTimestamp<Product>> catalog;
    private KeyValueStore<String, Standing> standings;
    private final TreeSet<String> active = new TreeSet<>();
    private final Set<String> closed = new HashSet<>();
    private long window = Long.MIN_VALUE;
    private int ticks;

    @Override
    public void init(ProcessorContext<String, byte[]> context) {
        events = new Events(context, "dynamic-pricing");
        catalog = context.getStateStore("pricing-catalog");
        standings = context.getStateStore("pricing-standing");
        // Once the input has ended and all windows have come, the last one is over too.
        context.schedule(Duration.ofMillis(1100), PunctuationType.WALL_CLOCK_TIME, now -> {
            if (Wiring.ended && ++ticks == 4) silence(window);
        });
    }

    @Override
    public void process(Record<Windowed<String>, Demand> record) {
        long start = record.key().window().start();
        if (start > window) {
            for (long w = window; w != Long.MIN_VALUE && w < start && !active.isEmpty(); w += PricingTopology.WINDOW) silence(w);
            window = start;
        }
        closed.add(record.key().key());
        close(record.key().key(), start, record.value());
    }

    /** Closes a window for the products that had no event in it. */
    private void silence(long start) {
        for (String product : List.copyOf(active)) if (!closed.contains(product)) close(product, start, Demand.NONE);
        closed.clear();
    }

    private void close(String product, long start, Demand demand) {
        ValueAndTimestamp<Product> row = catalog.get(product);
        if (row == null) return;
        Standing s = standings.get(product);
        if (s == null) s = new Standing(start);
        if (start + PricingTopology.WINDOW <= s.through) return;
        try {
            if (s.close(row.value(), start, demand)) tell(product, s, row.value());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        standings.put(product, s);
        if (s.resting()) active.remove(product);
        else active.add(product);
    }

    private void tell(String product, Standing s, Product row) throws IOException {
        long start = s.through - PricingTopology.WINDOW;
        JsonGenerator out = events.begin();
        out.writeStringField("productId", product);
        out.writeStringField("recommendedPrice", Payment.money(s.told));
        out.writeStringField("previousPrice", Payment.money(s.previous));
        out.writeStringField("currency", row.currency);
        out.writeStringField("basePrice", Payment.money(row.base));
        out.writeStringField("floor", Payment.money(row.floor));
        out.writeStringField("ceiling", Payment.money(row.ceiling));
        out.writeStringField("rule", s.resting() ? "SILENCE" : "DEMAND");
        out.writeNumberField("units", s.last.units());
        out.writeNumberField("orderCount", s.last.orders());
        out.writeNumberField("views", s.last.views());
        Events.thousandths(out, "demand", Math.round(Standing.weigh(s.last) * 1000));
        Events.thousandths(out, "expectedDemand", Math.round(row.expected * 1000));
        Events.thousandths(out, "learntShare", 0);
        Events.thousandths(out, "demandFactor", Math.round(s.factor * 1000));
        out.writeStringField("requestedChange", plain(s.change));
        out.writeStringField("unroundedPrice", plain(s.ideal));
        out.writeArrayFieldStart("limits");
        if (s.maxChange) out.writeString("MAX_CHANGE");
        if (s.floor) out.writeString("FLOOR");
        if (s.ceiling) out.writeString("CEILING");
        out.writeEndArray();
        Events.time(out, "windowStart", start);
        Events.time(out, "windowEnd", s.through);
        out.writeNumberField("revision", s.revision);
        String id = product + "/" + Events.span(start, s.through) + (s.revision > 1 ? "/r" + s.revision : "");
        events.send("prices-out", product, TYPE, id, s.through);
    }

    private static String plain(BigDecimal number) {
        return number.setScale(9, RoundingMode.HALF_EVEN).stripTrailingZeros().toPlainString();
    }
}
