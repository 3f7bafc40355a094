package bss.peer;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;

/** What a topology reads and writes, by subject (a topic's name without its prefix). */
record Job(String name, List<String> inputs, List<String> tables, List<String> outputs) {
    private static final List<Job> ALL = List.of(
            new Job("customer-activity", List.of("customer.events"), List.of(),
                    List.of("customer.activity.aggregated", "customer.sessions", "customer.metrics")),
            new Job("order-enrichment", List.of("order.events"), List.of("customer.info"),
                    List.of("orders.enriched", "orders.highvalue", "order.metrics", "orders.region.trend", "revenue.metrics")),
            new Job("fraud-detection", List.of("payment.events"), List.of(),
                    List.of("payment.metrics", "fraud.alerts", "fraud.high-risk")),
            new Job("recommendation", List.of("customer.events", "product.views"), List.of(),
                    List.of("recommendations", "products.trending")),
            new Job("dynamic-pricing", List.of("order.events", "product.views"), List.of("product.catalog"),
                    List.of("pricing.recommendations")));

    /** Those named, separated by commas. */
    static List<Job> of(String names) {
        return List.of(names.split(",")).stream().map(Job::named).toList();
    }

    private static Job named(String name) {
        return ALL.stream().filter(j -> j.name.equals(name)).findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no topology is named " + name));
    }

    static String names(List<Job> jobs) {
        return String.join(",", jobs.stream().map(Job::name).toList());
    }

    /** The subjects of several jobs, each once. */
    static Set<String> union(List<Job> jobs, Function<Job, List<String>> of) {
        Set<String> all = new TreeSet<>();
        jobs.forEach(j -> all.addAll(of.apply(j)));
        return new LinkedHashSet<>(all);
    }

    static List<String> topics(String prefix, Set<String> subjects) {
        return subjects.stream().map(s -> prefix + "." + s).toList();
    }

    /** The peer's topics between two stages: it does not make them itself. */
    static List<String> between(List<Job> jobs) {
        List<String> names = new java.util.ArrayList<>();
        for (Job j : jobs) {
            if (j.name.equals("order-enrichment")) names.add("regions");
            if (j.name.equals("dynamic-pricing")) names.add("demand");
            if (j.name.equals("recommendation")) names.add("touches");
        }
        return names;
    }

    /** Whether both sides write the same; of recommendations the peer makes simpler ones. */
    static boolean comparable(String subject) {
        return !subject.equals("recommendations") && !subject.equals("products.trending");
    }
}
