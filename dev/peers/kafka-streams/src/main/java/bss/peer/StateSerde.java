package bss.peer;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;

/**
 * A customer's state as bytes: whole numbers as varints, times as differences to the one before,
 * an id as text or as its hash.
 */
final class StateSerde {
    private StateSerde() {}

    static Serde<CustomerState> serde() {
        return Serdes.serdeFrom(
                (topic, state) -> state == null ? null : new Out(state).bytes(),
                (topic, bytes) -> bytes == null ? null : new In(bytes).state());
    }

    private static final class Out {
        private byte[] to;
        private int at;

        Out(CustomerState s) {
            to = new byte[96 + s.size * 28 + s.histories * 64 + s.declines * 32];
            put(s.rapidTold | s.riskTold << 2 | (s.cardTestingTold ? 16 : 0) | (s.place != null ? 32 : 0));
            number(s.latest);
            real(s.risk);
            if (s.place != null) {
                text(s.place.getBytes(StandardCharsets.UTF_8));
                number(s.latest - s.placeTime);
            }
            number(s.histories);
            for (int i = 0; i < s.histories; i++) {
                CustomerState.History h = s.history[i];
                text(h.currency.getBytes(StandardCharsets.ISO_8859_1));
                number(h.payments);
                real(h.weight);
                real(h.mean);
                real(h.m2);
                real(h.usual);
                real(h.lately);
                number(s.latest - h.lastTime);
            }
            number(s.size);
            long before = s.latest;
            for (int i = 0; i < s.size; i++) {
                number(s.times[i] - before);
                before = s.times[i];
                put(s.marks[i] << 1 | (s.ids[i] != null ? 1 : 0));
                if (s.ids[i] != null) text(s.ids[i]);
                else word(s.hashes[i]);
            }
            number(s.declines);
            for (int i = 0; i < s.declines; i++) {
                number(s.latest - s.declineTimes[i]);
                word(s.declinePayments[i]);
                word(s.declineInstruments[i]);
            }
        }

        byte[] bytes() {
            return Arrays.copyOf(to, at);
        }

        private void room(int length) {
            if (at + length > to.length) to = Arrays.copyOf(to, Math.max(at + length, to.length * 2));
        }

        private void put(int b) {
            room(1);
            to[at++] = (byte) b;
        }

        /** Zigzag varint. */
        private void number(long value) {
            room(10);
            long v = value << 1 ^ value >> 63;
            while ((v & ~0x7fL) != 0) {
                to[at++] = (byte) (v | 0x80);
                v >>>= 7;
            }
            to[at++] = (byte) v;
        }

        private void word(long value) {
            room(8);
            for (int i = 0; i < 8; i++) to[at++] = (byte) (value >>> 8 * i);
        }

        private void real(double value) {
            word(Double.doubleToRawLongBits(value));
        }

        private void text(byte[] bytes) {
            number(bytes.length);
            room(bytes.length);
            System.arraycopy(bytes, 0, to, at, bytes.length);
            at += bytes.length;
        }
    }

    private static final class In {
        private final byte[] from;
        private int at;

        In(byte[] from) {
            this.from = from;
        }

        CustomerState state() {
            CustomerState s = new CustomerState();
            int flags = from[at++];
            s.rapidTold = flags & 3;
            s.riskTold = flags >> 2 & 3;
            s.cardTestingTold = (flags & 16) != 0;
            s.latest = number();
            s.risk = real();
            if ((flags & 32) != 0) {
                s.place = new String(text(), StandardCharsets.UTF_8);
                s.placeTime = s.latest - number();
            }
            int histories = (int) number();
            s.growHistories(histories);
            s.histories = histories;
            for (int i = 0; i < histories; i++) {
                CustomerState.History h = s.history[i] = new CustomerState.History();
                h.currency = new String(text(), StandardCharsets.ISO_8859_1);
                h.payments = (int) number();
                h.weight = real();
                h.mean = real();
                h.m2 = real();
                h.usual = real();
                h.lately = real();
                h.lastTime = s.latest - number();
            }
            int size = (int) number();
            s.growEntries(size + 1);
            s.size = size;
            long before = s.latest;
            for (int i = 0; i < size; i++) {
                before += number();
                s.times[i] = before;
                byte mark = from[at++];
                s.marks[i] = (byte) (mark >> 1);
                if ((mark & 1) == 1) {
                    s.ids[i] = text();
                    s.hashes[i] = CustomerState.hash(s.ids[i]);
                } else {
                    s.hashes[i] = word();
                }
            }
            int declines = (int) number();
            if (declines > 0) s.growDeclines(declines);
            s.declines = declines;
            for (int i = 0; i < declines; i++) {
                s.declineTimes[i] = s.latest - number();
                s.declinePayments[i] = word();
                s.declineInstruments[i] = word();
            }
            return s;
        }

        private long number() {
            long v = 0;
            for (int shift = 0; ; shift += 7) {
                byte b = from[at++];
                v |= (long) (b & 0x7f) << shift;
                if (b >= 0) break;
            }
            return v >>> 1 ^ -(v & 1);
        }

        private long word() {
            long v = 0;
            for (int i = 0; i < 8; i++) v |= (from[at++] & 0xffL) << 8 * i;
            return v;
        }

        private double real() {
            return Double.longBitsToDouble(word());
        }

        private byte[] text() {
            int length = (int) number();
            byte[] bytes = Arrays.copyOfRange(from, at, at + length);
            at += length;
            return bytes;
        }
    }
}
