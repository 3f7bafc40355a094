package bss.peer;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.Locale;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Deserializer;

/** A payment event. Amounts are whole ten-thousandths: exact, and cheap to compare. */
final class Payment {
    static final long UNIT = 10_000;

    enum Status { PENDING, AUTHORIZED, COMPLETED, FAILED, DECLINED, REFUNDED, CANCELLED }

    static final Status[] STATUSES = Status.values();
    private static final JsonFactory JSON = new JsonFactory();

    String paymentId;
    String customerId;
    String orderId;
    long amount;
    String currency = "EUR";
    Status status;
    String paymentMethod;
    String instrumentId;
    String merchantId;
    String location;
    String failureReason;
    /** Event time in milliseconds. */
    long time;

    /** What it is paid with, as far as that tells one instrument from another; null if it does not. */
    String instrument() {
        String method = paymentMethod == null ? "" : paymentMethod.toUpperCase(Locale.ROOT);
        return Rules.WALLETS.contains(method) ? method : instrumentId;
    }

    double amountAsDouble() {
        return (double) amount / UNIT;
    }

    /** Two decimals at least, four at most. */
    static String money(long units) {
        long whole = units / UNIT;
        long rest = Math.abs(units % UNIT);
        int digits = rest % 100 == 0 ? 2 : rest % 10 == 0 ? 3 : 4;
        StringBuilder text = new StringBuilder(24).append(whole).append('.');
        for (long one = UNIT / 10; digits > 0; digits--, one /= 10) {
            text.append((char) ('0' + rest / one % 10));
        }
        return text.toString();
    }

    private static long units(BigDecimal amount) {
        long units = amount.movePointRight(4).longValueExact();
        if (units < 0) throw new ArithmeticException("negative amount " + amount);
        return units;
    }

    static Deserializer<Payment> deserializer() {
        return (topic, bytes) -> {
            try {
                return bytes == null ? null : read(bytes);
            } catch (IOException | IllegalArgumentException | ArithmeticException e) {
                throw new SerializationException(e);
            }
        };
    }

    private static Payment read(byte[] bytes) throws IOException {
        Payment p = new Payment();
        try (JsonParser in = JSON.createParser(bytes)) {
            if (in.nextToken() != JsonToken.START_OBJECT) throw new IOException("not an object");
            boolean hasAmount = false;
            boolean hasTime = false;
            while (in.nextToken() == JsonToken.FIELD_NAME) {
                String name = in.currentName();
                JsonToken token = in.nextToken();
                if (token == JsonToken.VALUE_NULL) continue;
                switch (name) {
                    case "paymentId" -> p.paymentId = in.getText();
                    case "customerId" -> p.customerId = in.getText();
                    case "orderId" -> p.orderId = in.getText();
                    case "amount" -> {
                        p.amount = units(token == JsonToken.VALUE_STRING
                                ? new BigDecimal(in.getText()) : in.getDecimalValue());
                        hasAmount = true;
                    }
                    case "currency" -> p.currency = in.getText();
                    case "status" -> p.status = Status.valueOf(in.getText());
                    case "paymentMethod", "method" -> p.paymentMethod = in.getText();
                    case "instrumentId" -> p.instrumentId = in.getText();
                    case "merchantId" -> p.merchantId = in.getText();
                    case "location" -> p.location = in.getText();
                    case "failureReason" -> p.failureReason = in.getText();
                    case "timestamp" -> {
                        p.time = token == JsonToken.VALUE_STRING
                                ? Instant.parse(in.getText()).toEpochMilli() : in.getLongValue();
                        hasTime = true;
                    }
                    default -> in.skipChildren();
                }
            }
            if (p.paymentId == null || p.customerId == null || p.status == null || !hasAmount || !hasTime) {
                throw new IOException("a field is missing");
            }
        }
        return p;
    }
}
