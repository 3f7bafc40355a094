package bss.peer;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import net.openhft.hashing.LongHashFunction;

/** What is remembered of one customer, and what a payment means in its light. */
final class CustomerState {
    private static final LongHashFunction XXH3 = LongHashFunction.xx3();
    static final int NOTHING = 0;
    static final int HIGH = 1;
    static final int CRITICAL = 2;

    // Payments of the last hour in order of time.
    int size;
    long[] times = new long[8];
    long[] hashes = new long[8];
    /** Status and whether it counted: {@code status << 1 | counted}. */
    byte[] marks = new byte[8];
    /** Ids of the younger ones, which alerts name; null once forgotten. */
    byte[][] ids = new byte[8][];

    // Histories, the most recently used last.
    int histories;
    History[] history = new History[1];

    // Small declines in order of time; almost always none.
    int declines;
    long[] declineTimes = new long[0];
    long[] declinePayments = new long[0];
    long[] declineInstruments = new long[0];

    String place;
    long placeTime;
    /** The largest event time seen. */
    long latest = Long.MIN_VALUE;
    double risk;
    int rapidTold;
    int riskTold;
    boolean cardTestingTold;

    /** What the customer pays in one currency, older payments weighing less. */
    static final class History {
        String currency;
        int payments;
        double weight;
        double mean;
        double m2;
        /** The mean of amounts, each cut off at twice what was usual before it. */
        double usual;
        /** Decayed sum of 0 to 1 for each payment: 0 up to twice the usual amount, 1 from four times. */
        double lately;
        long lastTime;

        /** How many times the usual amount this is, taken higher with few payments; 0: not known yet. */
        double ratio(double amount) {
            return payments >= Rules.UNUSUAL_MIN_PAYMENTS && usual > 0
                    ? amount / (usual * (1 + 0.5 / Math.sqrt(Math.max(1, weight)))) : 0;
        }

        double lately(long time) {
            return lately * Rules.decay(time - lastTime, Rules.LATELY_HALF_LIFE);
        }

        /** Takes an amount in: West's incremental mean and variance, and what is usual. */
        void learn(double amount, long time) {
            lately = lately(time) + Math.max(0, Math.min(1, (ratio(amount) - 2) / 2));
            double f = Rules.decay(time - lastTime, Rules.HISTORY_HALF_LIFE);
            double cut = payments >= Rules.UNUSUAL_MIN_PAYMENTS ? Math.min(amount, 2 * usual) : amount;
            weight = weight * f + 1;
            double d = amount - mean;
            mean += d / weight;
            m2 = m2 * f + d * (amount - mean);
            usual += (cut - usual) / weight;
            payments++;
            lastTime = Math.max(lastTime, time);
        }
    }

    /** What one payment means. */
    static final class Outcome {
        boolean duplicate;
        Parts parts = Parts.NONE;
        int score;
        List<Alert> alerts = List.of();
        /** HIGH or CRITICAL if the customer's risk rose above a limit. */
        String level;
        double risk;

        void add(Alert alert) {
            if (alerts.isEmpty()) alerts = new ArrayList<>(2);
            alerts.add(alert);
        }
    }

    static long hash(byte[] bytes) {
        return XXH3.hashBytes(bytes);
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    Outcome assess(Payment p) {
        Outcome out = new Outcome();
        byte[] id = utf8(p.paymentId);
        long hash = hash(id);
        boolean countedBefore = false;
        for (int i = 0; i < size; i++) {
            if (hashes[i] != hash) continue;
            if (times[i] == p.time && marks[i] >> 1 == p.status.ordinal()) {
                out.duplicate = true;
                return out;
            }
            countedBefore |= (marks[i] & 1) == 1;
        }
        boolean counted = !countedBefore && Rules.counts(p);
        boolean newest = p.time >= latest;
        if (p.status != Payment.Status.REFUNDED && p.status != Payment.Status.CANCELLED) {
            int inRapid = counted ? 1 : 0;
            int inHour = inRapid;
            for (int i = size - 1; i >= 0 && times[i] > p.time - Rules.VELOCITY_WINDOW; i--) {
                if ((marks[i] & 1) == 1 && times[i] <= p.time) {
                    inHour++;
                    if (times[i] > p.time - Rules.RAPID_WINDOW) inRapid++;
                }
            }
            if (counted) rapid(p, inRapid, newest, out);
            double amount = p.amountAsDouble();
            int h = historyOf(p.currency);
            double ratio = h >= 0 ? history[h].ratio(amount) : 0;
            double lately = h >= 0 ? history[h].lately(p.time) : 0;
            if (counted) {
                if (h >= 0) unusual(p, amount, history[h], out);
                if (p.status != Payment.Status.FAILED && p.status != Payment.Status.DECLINED) {
                    lastUsed(p, h).learn(amount, p.time);
                }
            }
            out.parts = new Parts(Parts.velocity(inHour), Parts.amountRatio(ratio), Parts.highValue(amount),
                    cardTesting(p, hash, newest, out) ? Parts.CARD_TESTING : 0, Parts.unusualLately(lately));
            location(p, out);
            out.score = out.parts.score();
        }
        customerRisk(p, out);
        remember(p, id, hash, counted);
        return out;
    }

    private void rapid(Payment p, int count, boolean newest, Outcome out) {
        String severity;
        int limit;
        if (count > Rules.RAPID_CRITICAL && rapidTold < CRITICAL) {
            rapidTold = CRITICAL;
            severity = "CRITICAL";
            limit = Rules.RAPID_CRITICAL;
        } else if (count > Rules.RAPID_HIGH && rapidTold < HIGH) {
            rapidTold = HIGH;
            severity = "HIGH";
            limit = Rules.RAPID_HIGH;
        } else {
            if (count <= Rules.RAPID_HIGH && newest) rapidTold = NOTHING;
            return;
        }
        long start = p.time - Rules.RAPID_WINDOW;
        List<String> about = new ArrayList<>(count);
        for (int i = 0; i < size; i++) {
            if (ids[i] != null && (marks[i] & 1) == 1 && times[i] > start && times[i] <= p.time) {
                about.add(new String(ids[i], StandardCharsets.UTF_8));
            }
        }
        about.add(p.paymentId);
        out.add(new Alert("RAPID_PAYMENTS", severity, about, start, p.time,
                new Object[] {"count", count, "limit", limit, "windowSeconds", Rules.RAPID_WINDOW / 1000},
                count + " payments within " + span(Rules.RAPID_WINDOW) + ", more than " + limit));
    }

    int historyOf(String code) {
        for (int i = histories - 1; i >= 0; i--) if (history[i].currency.equals(code)) return i;
        return -1;
    }

    private void unusual(Payment p, double amount, History h, Outcome out) {
        boolean byRatio = h.payments >= Rules.UNUSUAL_MIN_PAYMENTS && h.mean > 0 && amount > Rules.UNUSUAL_RATIO * h.mean;
        if (!byRatio && h.payments < Rules.UNUSUAL_DEVIATIONS_MIN_PAYMENTS) return;
        double deviation = Math.sqrt(h.m2 / h.weight);
        boolean byDeviations = h.payments >= Rules.UNUSUAL_DEVIATIONS_MIN_PAYMENTS && deviation > 0
                && amount > h.mean + Rules.UNUSUAL_DEVIATIONS * deviation;
        if (!byRatio && !byDeviations) return;
        String paid = Payment.money(p.amount);
        String mean = Payment.money(new BigDecimal(h.mean).setScale(4, RoundingMode.HALF_EVEN)
                .movePointRight(4).longValueExact());
        double ratio = amount / h.mean;
        double deviations = (amount - h.mean) / deviation;
        String than = byRatio
                ? " times the customer's mean of " : " standard deviations above the customer's mean of ";
        String text = paid + " " + p.currency + " is " + tenth(thousandths(byRatio ? ratio : deviations)) + than
                + mean + " " + p.currency + " over " + h.payments + " payments";
        out.add(new Alert("UNUSUAL_AMOUNT", "HIGH", List.of(p.paymentId), p.time, p.time,
                new Object[] {"amount", paid, "mean", mean,
                    "ratio", h.mean > 0 ? thousandths(ratio) : null,
                    "deviations", deviation > 0 ? thousandths(deviations) : null,
                    "payments", h.payments, "rule", byRatio ? "ratio" : "deviations"},
                text));
    }

    private static Double thousandths(double value) {
        return Math.round(value * 1000) / 1000.0;
    }

    private static String tenth(double value) {
        return new BigDecimal(value).setScale(1, RoundingMode.HALF_EVEN).toPlainString();
    }

    /** The history {@code h}, or a new one if that is none, now the last. */
    private History lastUsed(Payment p, int h) {
        History own;
        if (h >= 0) {
            own = history[h];
        } else {
            own = new History();
            own.currency = p.currency;
            own.lastTime = p.time;
            if (histories < Rules.MAX_CURRENCIES) {
                growHistories(histories + 1);
                h = histories++;
            }
        }
        int gone = Math.max(h, 0);
        System.arraycopy(history, gone + 1, history, gone, histories - 1 - gone);
        history[histories - 1] = own;
        return own;
    }

    void growHistories(int length) {
        if (length > history.length) history = Arrays.copyOf(history, length);
    }

    private boolean cardTesting(Payment p, long hash, boolean newest, Outcome out) {
        if (p.status != Payment.Status.DECLINED || p.amount > Rules.CARD_TESTING_MAX_AMOUNT) return false;
        String instrument = p.instrument();
        insertDecline(p.time, hash, instrument == null ? 0 : hash(utf8(instrument)));
        long start = p.time - Rules.CARD_TESTING_WINDOW;
        int tested = distinct(declinePayments, start, p.time);
        if (tested < Rules.CARD_TESTING_DECLINES) {
            if (newest) cardTestingTold = false;
            return false;
        }
        int instruments = distinct(declineInstruments, start, p.time);
        if (instruments < Rules.CARD_TESTING_INSTRUMENTS) return false;
        if (cardTestingTold) return true;
        cardTestingTold = true;
        List<String> about = new ArrayList<>(tested);
        for (int i = 0; i < size; i++) {
            if (ids[i] == null || times[i] <= start || times[i] > p.time
                    || marks[i] >> 1 != Payment.Status.DECLINED.ordinal() || !declined(hashes[i], times[i])) {
                continue;
            }
            String id = new String(ids[i], StandardCharsets.UTF_8);
            if (!about.contains(id)) about.add(id);
        }
        if (!about.contains(p.paymentId)) about.add(p.paymentId);
        String most = Payment.money(Rules.CARD_TESTING_MAX_AMOUNT);
        out.add(new Alert("CARD_TESTING", "HIGH", about, start, p.time,
                new Object[] {"count", tested, "instruments", instruments, "maxAmount", most,
                    "windowSeconds", Rules.CARD_TESTING_WINDOW / 1000},
                tested + " declined payments of at most " + most + " within "
                        + span(Rules.CARD_TESTING_WINDOW) + " with " + instruments + " instruments"));
        return true;
    }

    private void insertDecline(long time, long payment, long instrument) {
        if (declines == declineTimes.length) growDeclines(Math.max(8, declines * 2));
        int at = declines++;
        for (; at > 0 && declineTimes[at - 1] > time; at--) {
            declineTimes[at] = declineTimes[at - 1];
            declinePayments[at] = declinePayments[at - 1];
            declineInstruments[at] = declineInstruments[at - 1];
        }
        declineTimes[at] = time;
        declinePayments[at] = payment;
        declineInstruments[at] = instrument;
    }

    void growDeclines(int length) {
        declineTimes = Arrays.copyOf(declineTimes, length);
        declinePayments = Arrays.copyOf(declinePayments, length);
        declineInstruments = Arrays.copyOf(declineInstruments, length);
    }

    private int distinct(long[] of, long start, long end) {
        return (int) java.util.stream.IntStream.range(0, declines)
                .filter(i -> declineTimes[i] > start && declineTimes[i] <= end)
                .mapToLong(i -> of[i]).distinct().count();
    }

    private boolean declined(long payment, long time) {
        for (int i = 0; i < declines; i++) {
            if (declinePayments[i] == payment && declineTimes[i] == time) return true;
        }
        return false;
    }

    private void location(Payment p, Outcome out) {
        if (p.location == null) return;
        if (place == null) {
            place = p.location;
            placeTime = p.time;
            return;
        }
        boolean moved = !place.equals(p.location);
        long apart = Math.abs(p.time - placeTime);
        if (moved && apart <= Rules.LOCATION_WINDOW) {
            out.add(new Alert("LOCATION_CHANGE", "LOW", List.of(p.paymentId),
                    Math.min(p.time, placeTime), Math.max(p.time, placeTime),
                    new Object[] {"from", place, "to", p.location, "elapsedSeconds", apart / 1000, "relay", false},
                    "paid from " + p.location + " within " + span(apart) + " of paying from " + place));
        }
        if (p.time >= placeTime) {
            placeTime = p.time;
            place = p.location;
        }
    }

    private void customerRisk(Payment p, Outcome out) {
        if (risk > 0 && latest != Long.MIN_VALUE) {
            risk *= Rules.decay(p.time - latest, Rules.SCORE_HALF_LIFE);
        }
        risk = Math.max(risk, out.score / 1000.0);
        int told = riskTold;
        riskTold = risk > Rules.CRITICAL_RISK ? CRITICAL : risk > Rules.HIGH_RISK ? HIGH : NOTHING;
        if (riskTold > told) {
            out.level = riskTold == CRITICAL ? "CRITICAL" : "HIGH";
            out.risk = risk;
        }
    }

    private void remember(Payment p, byte[] id, long hash, boolean counted) {
        latest = Math.max(latest, p.time);
        long textsFrom = latest - Rules.TEXT_RETENTION;
        long keepFrom = latest - Rules.RETENTION;
        growEntries(size + 1);
        int at = size++;
        for (; at > 0 && times[at - 1] > p.time; at--) {
            times[at] = times[at - 1];
            hashes[at] = hashes[at - 1];
            marks[at] = marks[at - 1];
            ids[at] = ids[at - 1];
        }
        times[at] = p.time;
        hashes[at] = hash;
        marks[at] = (byte) (p.status.ordinal() << 1 | (counted ? 1 : 0));
        ids[at] = id;
        int gone = Math.max(0, size - Rules.MAX_ENTRIES);
        while (gone < size && times[gone] < keepFrom) gone++;
        if (gone > 0) {
            size -= gone;
            System.arraycopy(times, gone, times, 0, size);
            System.arraycopy(hashes, gone, hashes, 0, size);
            System.arraycopy(marks, gone, marks, 0, size);
            System.arraycopy(ids, gone, ids, 0, size);
            Arrays.fill(ids, size, size + gone, null);
        }
        for (int i = 0; i < size && times[i] < textsFrom; i++) ids[i] = null;
        if (declines > 0) {
            int old = Math.max(0, declines - Rules.MAX_ENTRIES);
            while (old < declines && declineTimes[old] < latest - Rules.DECLINE_RETENTION) old++;
            declines -= old;
            System.arraycopy(declineTimes, old, declineTimes, 0, declines);
            System.arraycopy(declinePayments, old, declinePayments, 0, declines);
            System.arraycopy(declineInstruments, old, declineInstruments, 0, declines);
        }
    }

    void growEntries(int length) {
        if (length <= times.length) return;
        int room = Math.max(length, times.length * 2);
        times = Arrays.copyOf(times, room);
        hashes = Arrays.copyOf(hashes, room);
        marks = Arrays.copyOf(marks, room);
        ids = Arrays.copyOf(ids, room);
    }

    /** A span for people: {@code 5 min}, {@code 2 h}, {@code 90 s}. */
    private static String span(long millis) {
        long s = millis / 1000;
        if (s >= 3600 && s % 3600 == 0) return s / 3600 + " h";
        if (s >= 60 && s % 60 == 0 || s >= 600) return s / 60 + " min";
        return s + " s";
    }
}
