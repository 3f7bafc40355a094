package bss.peer;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.HexFormat;
import net.openhft.hashing.LongTupleHashFunction;
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

    private static final LongTupleHashFunction XXH3_128 = LongTupleHashFunction.xx128();
    private static final byte[] SCORED = Events.utf8("bss.payment.scored.v1");
    private static final byte[] ALERT = Events.utf8("bss.fraud.alert.v1");
    private static final byte[] RISK = Events.utf8("bss.fraud.high-risk.v1");

    private Events events;
    private ProcessorContext<String, byte[]> context;
    private KeyValueStore<String, CustomerState> store;

    @Override
    public void init(ProcessorContext<String, byte[]> context) {
        this.context = context;
        events = new Events(context, "fraud-detection");
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
        // Forgotten, whether it was swept yet or not.
        if (state == null || state.latest < context.currentStreamTimeMs() - Rules.CUSTOMER_TTL) state = new CustomerState();
        CustomerState.Outcome outcome = state.assess(p);
        if (outcome.duplicate) return;
        store.put(record.key(), state);
        String time = Times.rfc3339(p.time);
        try {
            scored(p, outcome, time);
            events.send(METRICS, p.paymentId, SCORED, p.paymentId + "/" + p.status + "/" + p.time, p.time);
            for (Alert alert : outcome.alerts) {
                String id = alertId(alert, p);
                alert(alert, id, p, time);
                events.send(ALERTS, p.customerId, ALERT, id, p.time);
            }
            if (outcome.level != null) {
                highRisk(outcome, p, time);
                events.send(HIGH_RISK, p.customerId, RISK, p.customerId + "/" + p.paymentId + "/" + outcome.level, p.time);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** XXH3 (128 bits) over rule, severity, customer, payment and time in microseconds. */
    private static String alertId(Alert alert, Payment p) {
        String text = alert.rule() + "|" + alert.severity() + "|" + p.customerId + "|" + p.paymentId
                + "|" + p.time * 1000;
        long[] hash = XXH3_128.hashBytes(Events.utf8(text));
        HexFormat hex = HexFormat.of();
        return hex.toHexDigits(hash[1]) + hex.toHexDigits(hash[0]);
    }

    private void scored(Payment p, CustomerState.Outcome outcome, String time) throws IOException {
        JsonGenerator out = events.begin();
        out.writeStringField("paymentId", p.paymentId);
        Events.optional(out, "orderId", p.orderId);
        out.writeStringField("customerId", p.customerId);
        out.writeStringField("amount", Payment.money(p.amount));
        out.writeStringField("currency", p.currency);
        out.writeStringField("status", p.status.name());
        Events.optional(out, "paymentMethod", p.paymentMethod);
        Events.optional(out, "merchantId", p.merchantId);
        Events.thousandths(out, "fraudScore", outcome.score);
        scoreParts(out, outcome.parts);
        out.writeStringField("timestamp", time);
    }

    /** Those that are worth naming, if any is. */
    private static void scoreParts(JsonGenerator out, Parts parts) throws IOException {
        boolean any = false;
        for (int i = 0; i < parts.weights().length; i++) {
            if (!parts.told(i)) continue;
            if (!any) out.writeObjectFieldStart("scoreParts");
            any = true;
            Events.thousandths(out, Parts.NAMES.get(i), parts.alone(i));
        }
        if (any) out.writeEndObject();
    }

    private void alert(Alert alert, String id, Payment p, String time) throws IOException {
        JsonGenerator out = events.begin();
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
            else if (value instanceof Double n) out.writeNumber(Events.real(n));
            else if (value instanceof Boolean b) out.writeBoolean(b);
            else out.writeString(value.toString());
        }
        out.writeEndObject();
        out.writeStringField("windowStart", Times.rfc3339(alert.windowStart()));
        out.writeStringField("windowEnd", Times.rfc3339(alert.windowEnd()));
        out.writeStringField("timestamp", time);
        out.writeStringField("description", alert.description());
        out.writeNumberField("revision", 1);
    }

    private void highRisk(CustomerState.Outcome outcome, Payment p, String time) throws IOException {
        JsonGenerator out = events.begin();
        out.writeStringField("customerId", p.customerId);
        out.writeStringField("paymentId", p.paymentId);
        Events.thousandths(out, "score", Math.round(outcome.risk * 1000));
        out.writeStringField("level", outcome.level);
        out.writeArrayFieldStart("reasons");
        for (String reason : outcome.parts.reasons()) out.writeString(reason);
        out.writeEndArray();
        out.writeStringField("timestamp", time);
    }
}
