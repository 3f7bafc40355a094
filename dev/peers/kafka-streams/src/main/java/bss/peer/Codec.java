package bss.peer;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.function.Supplier;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;

/** JSON of the topics that others write, read field by field; a compact binary form for state and between stages. */
final class Codec {
    static final JsonFactory JSON = new JsonFactory();
    static final Serde<String> TEXT = Serdes.String();

    private Codec() {}

    /** Takes one field of an object in; false: it is of no interest. */
    interface Field<T> {
        boolean take(T into, String name, JsonParser in) throws IOException;
    }

    static <T> Deserializer<T> json(Supplier<T> make, Field<T> field) {
        return (topic, bytes) -> {
            if (bytes == null) return null;
            T made = make.get();
            try (JsonParser in = JSON.createParser(bytes)) {
                if (in.nextToken() != JsonToken.START_OBJECT) throw new IOException("not an object");
                while (in.nextToken() == JsonToken.FIELD_NAME) {
                    String name = in.currentName();
                    if (in.nextToken() == JsonToken.VALUE_NULL) continue;
                    if (!field.take(made, name, in)) in.skipChildren();
                }
            } catch (IOException | IllegalArgumentException | ArithmeticException e) {
                throw new SerializationException(e);
            }
            return made;
        };
    }

    static long time(JsonParser in) throws IOException {
        return in.currentToken() == JsonToken.VALUE_STRING ? Instant.parse(in.getText()).toEpochMilli() : in.getLongValue();
    }

    /** An amount in ten-thousandths. */
    static long units(JsonParser in) throws IOException {
        BigDecimal amount = in.currentToken() == JsonToken.VALUE_STRING ? new BigDecimal(in.getText()) : in.getDecimalValue();
        return amount.movePointRight(4).longValueExact();
    }

    interface Write<T> {
        void to(DataOutputStream out, T value) throws IOException;
    }

    interface Read<T> {
        T from(DataInputStream in) throws IOException;
    }

    static <T> Serde<T> binary(Write<T> write, Read<T> read) {
        return Serdes.serdeFrom(
                (topic, value) -> {
                    if (value == null) return null;
                    ByteArrayOutputStream bytes = new ByteArrayOutputStream(64);
                    try {
                        write.to(new DataOutputStream(bytes), value);
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                    return bytes.toByteArray();
                },
                (topic, bytes) -> {
                    if (bytes == null) return null;
                    try {
                        return read.from(new DataInputStream(new ByteArrayInputStream(bytes)));
                    } catch (IOException e) {
                        throw new SerializationException(e);
                    }
                });
    }

    /** A text that may be absent. */
    static void optional(DataOutputStream out, String text) throws IOException {
        out.writeBoolean(text != null);
        if (text != null) out.writeUTF(text);
    }

    static String optional(DataInputStream in) throws IOException {
        return in.readBoolean() ? in.readUTF() : null;
    }
}
