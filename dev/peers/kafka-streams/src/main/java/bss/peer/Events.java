package bss.peer;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.ByteArrayBuilder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;

/** Writes what a processor tells: JSON with the headers of CloudEvents, as bss does. */
final class Events {
    private static final byte[] SPEC_VERSION = utf8("1.0");
    private static final byte[] CONTENT_TYPE = utf8("application/json");

    private final ProcessorContext<String, byte[]> context;
    private final byte[] source;
    private final ByteArrayBuilder buffer = new ByteArrayBuilder(512);
    private JsonGenerator json;

    Events(ProcessorContext<String, byte[]> context, String topology) {
        this.context = context;
        source = utf8("bss/" + context.applicationId() + "/" + topology);
    }

    static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** Begins an object. */
    JsonGenerator begin() throws IOException {
        buffer.reset();
        json = Codec.JSON.createGenerator(buffer);
        json.writeStartObject();
        return json;
    }

    /** The last field of a result that is told once. */
    void revision() throws IOException {
        json.writeNumberField("revision", 1);
    }

    /** Ends the object and gives it to a sink. */
    void send(String sink, String key, byte[] type, String id, long time) throws IOException {
        json.writeEndObject();
        json.close();
        RecordHeaders headers = new RecordHeaders();
        headers.add("ce_specversion", SPEC_VERSION);
        headers.add("ce_id", utf8(id));
        headers.add("ce_type", type);
        headers.add("ce_source", source);
        headers.add("ce_time", utf8(Times.rfc3339(time)));
        headers.add("content-type", CONTENT_TYPE);
        context.forward(new Record<>(key, buffer.toByteArray(), time, headers), sink);
    }

    static void optional(JsonGenerator out, String name, String value) throws IOException {
        if (value != null) out.writeStringField(name, value);
    }

    static void time(JsonGenerator out, String name, long millis) throws IOException {
        out.writeStringField(name, Times.rfc3339(millis));
    }

    /** At most three decimals, without trailing zeros. */
    static void thousandths(JsonGenerator out, String name, long thousandths) throws IOException {
        out.writeFieldName(name);
        out.writeNumber(thousandths(thousandths));
    }

    static String thousandths(long thousandths) {
        long rest = thousandths % 1000;
        if (rest == 0) return Long.toString(thousandths / 1000);
        String digits = Long.toString(1000 + rest).substring(1);
        int length = rest % 100 == 0 ? 1 : rest % 10 == 0 ? 2 : 3;
        return thousandths / 1000 + "." + digits.substring(0, length);
    }

    /** A number of at most three decimals, at least one. */
    static String real(double value) {
        String text = thousandths(Math.round(value * 1000));
        return text.indexOf('.') < 0 ? text + ".0" : text;
    }

    /** {@code <start>-<end>} in microseconds, as ids have it. */
    static String span(long start, long end) {
        return start * 1000 + "-" + end * 1000;
    }
}
