package bss.peer;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.ByteArrayBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HexFormat;
import net.openhft.hashing.LongTupleHashFunction;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;

/** Scores each payment and tells of alerts and of customers at high risk. */
final class FraudProcessor implements Processor<String, Payment, String, byte[]> {
    static final String STORE = "customers";
    static final String METRICS = "metrics";
    static final String ALERTS = "alerts";
    static final String HIGH_RISK = "high-risk";

    private static final JsonFactory JSON = new JsonFactory();
    private static final LongTupleHashFunction XXH3_128 = LongTupleHashFunction.xx128();
    private static final byte[] SPEC_VERSION = utf8("1.0");
    private static final byte[] CONTENT_TYPE = utf8("application/json");
    private static final byte[] SCORED = utf8("bss.payment.scored.v1");
    private static final byte[] ALERT = utf8("bss.fraud.alert.v1");
    private static final byte[] RISK = utf8("bss.fraud.high-risk.v1");

    private final byte[] source;
    private final ByteArrayBuilder buffer = new ByteArrayBuilder(512);
    private ProcessorContext<String, byte[]> context;
    private KeyValueStore<String, CustomerState> store;

    FraudProcessor(String source) {
        this.source = utf8(source);
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public void init(ProcessorContext<String, byte[]> context) {
        this.context = context;
        store = context.getStateStore(STORE);
        context.schedule(Duration.ofDays(1), PunctuationType.STREAM_TIME, this::forgetCustomers);
    }

    private void forgetCustomers(long streamTime) {
        try (KeyValueIterator<String, CustomerState> all = store.all()) {
            while (all.hasNext()) {
                KeyValue<String, CustomerState> one = all.next();
                if (one.value.latest < streamTime - Rules.CUSTOMER_TTL) store.delete(one.key);
            }
        }
    }

    @Override
    public void process(Record<String, Payment> record) {
        Payment p = record.value();
        // The generator makes none so late; what bss writes to its topic of late records is dropped.
        if (p == null || p.time < context.currentStreamTimeMs() - Rules.LATENESS_LIMIT) return;
        CustomerState state = store.get(record.key());
        if (state == null) state = new CustomerState();
        CustomerState.Outcome outcome = state.assess(p);
        if (outcome.duplicate) return;
        store.put(record.key(), state);
        String time = Times.rfc3339(p.time);
        byte[] timeBytes = utf8(time);
        try {
            forward(METRICS, p.paymentId, scored(p, outcome.score, time), SCORED,
                    p.paymentId + "/" + p.status + "/" + p.time, timeBytes, p.time);
            for (Alert alert : outcome.alerts) {
                String id = alertId(alert, p);
                forward(ALERTS, p.customerId, alert(alert, id, p, time), ALERT, id, timeBytes, p.time);
            }
            if (outcome.level != null) {
                forward(HIGH_RISK, p.customerId, highRisk(outcome, p, time), RISK,
                        p.customerId + "/" + p.paymentId + "/" + outcome.level, timeBytes, p.time);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void forward(
            String to, String key, byte[] json, byte[] type, String id, byte[] timeText, long time) {
        RecordHeaders headers = new RecordHeaders();
        headers.add("ce_specversion", SPEC_VERSION);
        headers.add("ce_id", utf8(id));
        headers.add("ce_type", type);
        headers.add("ce_source", source);
        headers.add("ce_time", timeText);
        headers.add("content-type", CONTENT_TYPE);
        context.forward(new Record<>(key, json, time, headers), to);
    }

    /** XXH3 (128 bits) over rule, severity, customer, payment and time in microseconds. */
    private static String alertId(Alert alert, Payment p) {
        String text = alert.rule() + "|" + alert.severity() + "|" + p.customerId + "|" + p.paymentId
                + "|" + p.time * 1000;
        long[] hash = XXH3_128.hashBytes(utf8(text));
        HexFormat hex = HexFormat.of();
        return hex.toHexDigits(hash[1]) + hex.toHexDigits(hash[0]);
    }

    private JsonGenerator begin() throws IOException {
        buffer.reset();
        JsonGenerator out = JSON.createGenerator(buffer);
        out.writeStartObject();
        return out;
    }

    private byte[] end(JsonGenerator out) throws IOException {
        out.writeEndObject();
        out.close();
        return buffer.toByteArray();
    }

    private static void optional(JsonGenerator out, String name, String value) throws IOException {
        if (value != null) out.writeStringField(name, value);
    }

    /** At most three decimals, without trailing zeros. */
    private static String score(long thousandths) {
        long rest = thousandths % 1000;
        if (rest == 0) return Long.toString(thousandths / 1000);
        String digits = Long.toString(1000 + rest).substring(1);
        int length = rest % 100 == 0 ? 1 : rest % 10 == 0 ? 2 : 3;
        return thousandths / 1000 + "." + digits.substring(0, length);
    }

    private byte[] scored(Payment p, int score, String time) throws IOException {
        JsonGenerator out = begin();
        out.writeStringField("paymentId", p.paymentId);
        optional(out, "orderId", p.orderId);
        out.writeStringField("customerId", p.customerId);
        out.writeStringField("amount", Payment.money(p.amount));
        out.writeStringField("currency", p.currency);
        out.writeStringField("status", p.status.name());
        optional(out, "paymentMethod", p.paymentMethod);
        optional(out, "merchantId", p.merchantId);
        out.writeFieldName("fraudScore");
        out.writeNumber(score(score));
        out.writeStringField("timestamp", time);
        return end(out);
    }

    private byte[] alert(Alert alert, String id, Payment p, String time) throws IOException {
        JsonGenerator out = begin();
        out.writeStringField("alertId", id);
        out.writeStringField("rule", alert.rule());
        out.writeNumberField("ruleVersion", 1);
        out.writeStringField("severity", alert.severity());
        out.writeStringField("customerId", p.customerId);
        out.writeArrayFieldStart("paymentIds");
        for (String one : alert.paymentIds()) out.writeString(one);
        out.writeEndArray();
        out.writeStringField("amount", Payment.money(p.amount));
        out.writeStringField("currency", p.currency);
        out.writeObjectFieldStart("values");
        for (int i = 0; i < alert.values().length; i += 2) {
            Object value = alert.values()[i + 1];
            if (value == null) continue;
            out.writeFieldName((String) alert.values()[i]);
            if (value instanceof Integer n) out.writeNumber(n);
            else if (value instanceof Long n) out.writeNumber(n);
            else if (value instanceof Double n) out.writeNumber(n);
            else if (value instanceof Boolean b) out.writeBoolean(b);
            else out.writeString(value.toString());
        }
        out.writeEndObject();
        out.writeStringField("windowStart", Times.rfc3339(alert.windowStart()));
        out.writeStringField("windowEnd", Times.rfc3339(alert.windowEnd()));
        out.writeStringField("timestamp", time);
        out.writeStringField("description", alert.description());
        out.writeNumberField("revision", 1);
        return end(out);
    }

    private byte[] highRisk(CustomerState.Outcome outcome, Payment p, String time) throws IOException {
        JsonGenerator out = begin();
        out.writeStringField("customerId", p.customerId);
        out.writeStringField("paymentId", p.paymentId);
        out.writeFieldName("score");
        out.writeNumber(score(Math.round(outcome.risk * 1000)));
        out.writeStringField("level", outcome.level);
        out.writeArrayFieldStart("reasons");
        for (String reason : outcome.reasons) out.writeString(reason);
        out.writeEndArray();
        out.writeStringField("timestamp", time);
        return end(out);
    }
}
