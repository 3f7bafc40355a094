package bss.peer;

import com.fasterxml.jackson.core.JsonToken;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.serialization.Deserializer;

/** The events and rows of a shop as the topologies read them (payments: {@link Payment}). Times in milliseconds. */
final class Model {
    private Model() {}

    /** What has an event time. */
    interface Timed {
        long time();
    }

    static final class Activity implements Timed {
        String customerId, activityType, sessionId, productId, category;
        long time;

        @Override
        public long time() {
            return time;
        }

        static final Deserializer<Activity> READ = Codec.json(Activity::new, (a, name, in) -> {
            switch (name) {
                case "customerId" -> a.customerId = in.getText();
                case "activityType" -> a.activityType = in.getText();
                case "sessionId" -> a.sessionId = in.getText();
                case "productId" -> a.productId = in.getText();
                case "category" -> a.category = in.getText();
                case "timestamp" -> a.time = Codec.time(in);
                default -> { return false; }
            }
            return true;
        });
    }

    static final class View implements Timed {
        String customerId, productId, category, sessionId;
        long time;

        @Override
        public long time() {
            return time;
        }

        static final Deserializer<View> READ = Codec.json(View::new, (v, name, in) -> {
            switch (name) {
                case "customerId" -> v.customerId = in.getText();
                case "productId" -> v.productId = in.getText();
                case "category" -> v.category = in.getText();
                case "sessionId" -> v.sessionId = in.getText();
                case "timestamp" -> v.time = Codec.time(in);
                default -> { return false; }
            }
            return true;
        });
    }

    static final class Order implements Timed {
        String orderId, customerId, productId, status, region;
        String currency = "EUR";
        long amount, items, time;
        List<String> categories = List.of();

        @Override
        public long time() {
            return time;
        }

        static final Deserializer<Order> READ = Codec.json(Order::new, (o, name, in) -> {
            switch (name) {
                case "orderId" -> o.orderId = in.getText();
                case "customerId" -> o.customerId = in.getText();
                case "productId" -> o.productId = in.getText();
                case "totalAmount" -> o.amount = Codec.units(in);
                case "currency" -> o.currency = in.getText();
                case "itemsCount" -> o.items = in.getLongValue();
                case "status" -> o.status = in.getText();
                case "region" -> o.region = in.getText();
                case "itemCategories" -> {
                    o.categories = new ArrayList<>(4);
                    while (in.nextToken() != JsonToken.END_ARRAY) o.categories.add(in.getText());
                }
                case "timestamp" -> o.time = Codec.time(in);
                default -> { return false; }
            }
            return true;
        });
    }

    /** A row of the table of customers. */
    static final class Customer implements Timed {
        String tier, region;
        long time;

        @Override
        public long time() {
            return time;
        }

        static final Deserializer<Customer> READ = Codec.json(Customer::new, (c, name, in) -> {
            switch (name) {
                case "tier" -> c.tier = in.getText();
                case "region" -> c.region = in.getText();
                case "timestamp" -> c.time = Codec.time(in);
                default -> { return false; }
            }
            return true;
        });
    }

    /** A row of the catalogue; amounts in ten-thousandths. */
    static final class Product implements Timed {
        String currency = "EUR";
        long base, floor, ceiling, time;
        double expected;

        @Override
        public long time() {
            return time;
        }

        static final Deserializer<Product> READ = Codec.json(Product::new, (p, name, in) -> {
            switch (name) {
                case "basePrice" -> p.base = Codec.units(in);
                case "floor" -> p.floor = Codec.units(in);
                case "ceiling" -> p.ceiling = Codec.units(in);
                case "currency" -> p.currency = in.getText();
                case "expectedDemand" -> p.expected = in.getDoubleValue();
                case "timestamp" -> p.time = Codec.time(in);
                default -> { return false; }
            }
            return true;
        });
    }
}
