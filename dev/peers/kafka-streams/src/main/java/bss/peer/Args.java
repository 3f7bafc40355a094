package bss.peer;

import java.util.HashMap;
import java.util.Map;

/** {@code --name value} pairs. */
public final class Args {
    private final Map<String, String> given = new HashMap<>();

    public Args(String[] args, int from) {
        for (int i = from; i < args.length; i += 2) {
            if (!args[i].startsWith("--") || i + 1 >= args.length) {
                throw new IllegalArgumentException("expected --name value, found " + args[i]);
            }
            given.put(args[i].substring(2), args[i + 1]);
        }
    }

    /** The same, with one more. */
    public Args with(String name, String value) {
        Args more = new Args(new String[0], 0);
        more.given.putAll(given);
        more.given.put(name, value);
        return more;
    }

    public String text(String name, String otherwise) {
        return given.getOrDefault(name, otherwise);
    }

    public String need(String name) {
        String value = given.get(name);
        if (value == null) throw new IllegalArgumentException("missing --" + name);
        return value;
    }

    public long number(String name, long otherwise) {
        return given.containsKey(name) ? Long.parseLong(given.get(name)) : otherwise;
    }

    public double real(String name, double otherwise) {
        return given.containsKey(name) ? Double.parseDouble(given.get(name)) : otherwise;
    }
}
