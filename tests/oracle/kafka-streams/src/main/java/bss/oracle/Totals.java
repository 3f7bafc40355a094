package bss.oracle;

import java.nio.ByteBuffer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;

/** What the records of a window come to; merging and adding agree, in any order. */
record Totals(long count, long sum, long min, long max) {
  static final Totals NONE = new Totals(0, 0, Long.MAX_VALUE, Long.MIN_VALUE);

  Totals plus(long value) {
    return plus(new Totals(1, value, value, value));
  }

  Totals plus(Totals other) {
    return new Totals(
        count + other.count,
        sum + other.sum,
        Math.min(min, other.min),
        Math.max(max, other.max));
  }

  static Serde<Totals> serde() {
    return Serdes.serdeFrom((topic, totals) -> encode(totals), (topic, bytes) -> decode(bytes));
  }

  private static byte[] encode(Totals totals) {
    if (totals == null) {
      return null;
    }
    return ByteBuffer.allocate(4 * Long.BYTES)
        .putLong(totals.count)
        .putLong(totals.sum)
        .putLong(totals.min)
        .putLong(totals.max)
        .array();
  }

  private static Totals decode(byte[] bytes) {
    if (bytes == null) {
      return null;
    }
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    return new Totals(buffer.getLong(), buffer.getLong(), buffer.getLong(), buffer.getLong());
  }
}
