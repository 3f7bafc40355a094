package bss.peer;

import java.util.PriorityQueue;
import java.util.SplittableRandom;

/**
 * Seeded payments: the same arguments give the same keys and values in the same order.
 *
 * <p>Most customers pay now and then from home with one of two instruments. On top: late arrivals,
 * bursts of a few hot customers, unusual amounts, card testing, failures of the processor, refunds,
 * and redelivered duplicates.
 */
public final class Payments {
    /** One record: key, JSON, event time in milliseconds. */
    public record Event(String key, String json, long time) {}

    private record Due(long due, long order, Event event) implements Comparable<Due> {
        @Override
        public int compareTo(Due other) {
            int byTime = Long.compare(due, other.due);
            return byTime != 0 ? byTime : Long.compare(order, other.order);
        }
    }

    /** A hot customer's burst: how many payments are left of it. */
    private static final class Burst {
        int customer;
        int left;
    }

    private static final String[] CURRENCIES = {"EUR", "USD", "PLN", "GBP"};
    private static final String[] METHODS = {"CARD", "CARD", "CARD", "WALLET", "TRANSFER"};
    private static final String[] CITIES = {
        "Berlin", "Warsaw", "London", "Madrid", "Lisbon", "Vienna", "Prague", "Dublin", "Oslo", "Rome"
    };

    private final SplittableRandom random;
    private final int customers;
    private final int hotCustomers;
    private final double hotShare;
    private final Burst[] bursts;
    /** Live: at the time of sending, neither late nor redelivered. */
    private final boolean live;
    private final PriorityQueue<Due> waiting = new PriorityQueue<>();
    private long payments;
    private long scheduled;

    /**
     * @param perSecond events per second of event time, from which follows how many bursts run at
     *     a time for one to last about two minutes
     */
    public Payments(long seed, int customers, double perSecond, boolean live) {
        this.random = new SplittableRandom(seed);
        this.customers = customers;
        this.live = live;
        this.hotCustomers = live ? customers : Math.max(1, Math.min(200, customers / 10));
        this.hotShare = live ? 0.2 : 0.02;
        int running = (int) Math.max(1, Math.min(64, hotShare * perSecond * 120 / 26));
        this.bursts = new Burst[running];
        for (int i = 0; i < running; i++) bursts[i] = new Burst();
    }

    /** The next event when the clock of events says {@code now} (milliseconds). */
    public Event next(long now) {
        if (!waiting.isEmpty() && waiting.peek().due <= now) return waiting.poll().event;
        double what = random.nextDouble();
        if (what < 0.00005) cardTesting(now);
        Event event = what < hotShare ? hot(now) : ordinary(now);
        if (!live && random.nextDouble() < 0.01) {
            schedule(now + 100 + random.nextInt(20_000), event);
        }
        return event;
    }

    /** An ordinary payment of this customer. */
    Event of(int customer, long time) {
        return payment(customer, cents(customer), "COMPLETED", null, time);
    }

    private void schedule(long due, Event event) {
        waiting.add(new Due(due, scheduled++, event));
    }

    private Event hot(long now) {
        Burst burst = bursts[random.nextInt(bursts.length)];
        if (burst.left == 0) {
            burst.customer = random.nextInt(hotCustomers);
            burst.left = 12 + random.nextInt(29);
        }
        burst.left--;
        return payment(burst.customer, cents(burst.customer), "COMPLETED", null, arrival(now));
    }

    private Event ordinary(long now) {
        int customer = random.nextInt(customers);
        long cents = cents(customer);
        if (random.nextDouble() < 0.005) cents = cents * 10 + 50_000;
        double u = random.nextDouble();
        String status = "COMPLETED";
        String reason = null;
        if (u < 0.03) {
            status = "AUTHORIZED";
        } else if (u < 0.04) {
            status = "FAILED";
            reason = "processor_unavailable";
        } else if (u < 0.045) {
            status = "FAILED";
            reason = "insufficient_funds";
        } else if (u < 0.05) {
            status = "DECLINED";
        } else if (u < 0.06) {
            status = "REFUNDED";
        } else if (u < 0.065) {
            status = "CANCELLED";
        }
        return payment(customer, cents, status, reason, arrival(now));
    }

    /** Six to eight small declines of one customer with four cards, twenty seconds apart. */
    private void cardTesting(long now) {
        int customer = random.nextInt(customers);
        int declines = 6 + random.nextInt(3);
        long series = payments;
        for (int i = 0; i < declines; i++) {
            long time = now + i * 20_000L;
            String card = "card-stolen-" + series + "-" + i % 4;
            schedule(time, payment(customer, 100 + random.nextInt(400), "DECLINED", "do_not_honour",
                    time, card));
        }
    }

    /** One in ten is up to 30 s late. */
    private long arrival(long now) {
        return !live && random.nextDouble() < 0.1 ? now - random.nextInt(30_000) : now;
    }

    private long cents(int customer) {
        return 1_000 + (customer % 50) * 100 + random.nextInt(4_000);
    }

    private Event payment(int customer, long cents, String status, String reason, long time) {
        String card = "card-" + customer + "-" + (random.nextInt(10) == 0 ? 1 : 0);
        return payment(customer, cents, status, reason, time, card);
    }

    private Event payment(
            int customer, long cents, String status, String reason, long time, String card) {
        String key = padded("c", customer, 7);
        int home = customer % 4;
        int city = customer % CITIES.length;
        String currency = CURRENCIES[random.nextInt(20) == 0 ? random.nextInt(4) : home];
        String place = CITIES[random.nextInt(2_000) == 0 ? random.nextInt(CITIES.length) : city];
        long number = payments++;
        StringBuilder s = new StringBuilder(360);
        s.append("{\"paymentId\":\"").append(padded("pay-", number, 10));
        s.append("\",\"customerId\":\"").append(key);
        s.append("\",\"orderId\":\"").append(padded("ord-", number, 10));
        s.append("\",\"amount\":").append(money(cents));
        s.append(",\"currency\":\"").append(currency);
        s.append("\",\"status\":\"").append(status);
        s.append("\",\"paymentMethod\":\"").append(METHODS[random.nextInt(METHODS.length)]);
        s.append("\",\"instrumentId\":\"").append(card);
        s.append("\",\"merchantId\":\"").append(padded("m", random.nextInt(2_000), 5));
        s.append("\",\"location\":\"").append(place).append('"');
        if (reason != null) s.append(",\"failureReason\":\"").append(reason).append('"');
        s.append(",\"timestamp\":").append(time).append('}');
        return new Event(key, s.toString(), time);
    }

    private static String padded(String prefix, long number, int digits) {
        String text = Long.toString(number);
        return prefix + "0".repeat(Math.max(0, digits - text.length())) + text;
    }

    private static String money(long cents) {
        long rest = cents % 100;
        return cents / 100 + (rest < 10 ? ".0" : ".") + rest;
    }
}
