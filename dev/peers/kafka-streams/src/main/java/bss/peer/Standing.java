package bss.peer;

import bss.peer.Model.Product;
import bss.peer.PricingTopology.Demand;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.TreeMap;
import org.apache.kafka.common.serialization.Serde;

/**
 * The price that stands for a product. Expected is what the catalogue says: hours of the week are
 * learnt, but count from the second week on only, and the bench is shorter.
 */
final class Standing {
    private static final double KEPT = Math.pow(2, -0.25);
    private static final double PRIOR = 200;
    private static final int SILENT = 96;
    private static final BigDecimal MOST = new BigDecimal("0.10");
    private static final BigDecimal HYSTERESIS = new BigDecimal("0.01");
    /** Half a cent, with the hysteresis of a cent. */
    private static final BigDecimal HALF = new BigDecimal("0.0051");

    long through, hour;
    double demand, usual, hourDemand;
    int silent, revision;
    Demand last = Demand.NONE;
    /** In ten-thousandths; negative: the base price stands. */
    long told = -1;
    final TreeMap<Integer, Float> hours = new TreeMap<>();

    // What was judged last; not stored.
    BigDecimal change, ideal;
    double factor;
    boolean maxChange, floor, ceiling;
    long previous;

    static final Serde<Standing> SERDE = Codec.binary((out, s) -> {
        out.writeLong(s.through);
        out.writeLong(s.hour);
        out.writeDouble(s.demand);
        out.writeDouble(s.usual);
        out.writeDouble(s.hourDemand);
        out.writeInt(s.silent);
        out.writeInt(s.revision);
        out.writeLong(s.last.units());
        out.writeLong(s.last.orders());
        out.writeLong(s.last.views());
        out.writeLong(s.told);
        out.writeByte(s.hours.size());
        for (var e : s.hours.entrySet()) {
            out.writeByte(e.getKey());
            out.writeFloat(e.getValue());
        }
    }, in -> {
        Standing s = new Standing(0);
        s.through = in.readLong();
        s.hour = in.readLong();
        s.demand = in.readDouble();
        s.usual = in.readDouble();
        s.hourDemand = in.readDouble();
        s.silent = in.readInt();
        s.revision = in.readInt();
        s.last = new Demand(in.readLong(), in.readLong(), in.readLong());
        s.told = in.readLong();
        for (int i = in.readUnsignedByte(); i > 0; i--) s.hours.put(in.readUnsignedByte(), in.readFloat());
        return s;
    });

    Standing(long start) {
        through = start;
        hour = Math.floorDiv(start, 3_600_000L);
    }

    boolean resting() {
        return silent >= SILENT;
    }

    static double weigh(Demand d) {
        return Math.fma(0.05, d.views(), d.units());
    }

    /** Closes a window; whether the price moves. */
    boolean close(Product row, long start, Demand window) {
        while (through < start && !resting()) count(row, through, Demand.NONE);
        count(row, start, window);
        return judge(row);
    }

    private void count(Product row, long start, Demand window) {
        long now = Math.floorDiv(start, 3_600_000L);
        if (now != hour) {
            if (hourDemand > 0) hours.merge((int) Math.floorMod(hour, 168L), (float) hourDemand, Float::sum);
            hour = now;
            hourDemand = 0;
        }
        double weighed = weigh(window);
        hourDemand += weighed;
        demand = demand * KEPT + weighed;
        usual = usual * KEPT + row.expected;
        silent = window.equals(Demand.NONE) ? Math.min(SILENT, silent + 1) : 0;
        if (resting()) demand = usual = 0;
        through = start + PricingTopology.WINDOW;
        revision = 0;
        last = window;
    }

    private static BigDecimal clamp(BigDecimal value, BigDecimal least, BigDecimal most) {
        return value.max(least).min(most);
    }

    private boolean judge(Product row) {
        factor = (demand + PRIOR) / (usual + PRIOR);
        change = BigDecimal.valueOf(Math.round((factor - 1) * 0.1 * 1e9), 9);
        BigDecimal held = clamp(change, MOST.negate(), MOST);
        BigDecimal base = BigDecimal.valueOf(row.base, 4);
        BigDecimal least = BigDecimal.valueOf(row.floor, 4);
        BigDecimal most = BigDecimal.valueOf(row.ceiling, 4);
        BigDecimal wanted = base.multiply(BigDecimal.ONE.add(held));
        BigDecimal lowest = clamp(base.multiply(BigDecimal.ONE.subtract(MOST)), least, most);
        BigDecimal highest = clamp(base.multiply(BigDecimal.ONE.add(MOST)), least, most);
        ideal = clamp(wanted, lowest, highest);
        BigDecimal price = ideal.setScale(2, RoundingMode.HALF_EVEN);
        if (price.compareTo(highest) > 0) price = highest.setScale(2, RoundingMode.DOWN);
        else if (price.compareTo(lowest) < 0) price = lowest.setScale(2, RoundingMode.UP);
        maxChange = held.compareTo(change) != 0;
        floor = wanted.compareTo(least) < 0;
        ceiling = wanted.compareTo(most) > 0;
        previous = told < 0 ? row.base : told;
        BigDecimal stands = BigDecimal.valueOf(previous, 4);
        BigDecimal off = ideal.subtract(stands).abs();
        boolean forbidden = stands.compareTo(lowest) < 0 || stands.compareTo(highest) > 0;
        boolean moved = stands.compareTo(price) != 0
                && (forbidden || resting() || off.compareTo(HYSTERESIS.multiply(stands)) > 0 && off.compareTo(HALF) >= 0);
        if (moved) {
            told = price.movePointRight(4).longValueExact();
            revision++;
        }
        return moved;
    }
}
