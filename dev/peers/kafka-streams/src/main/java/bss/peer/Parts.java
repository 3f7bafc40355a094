package bss.peer;

import java.util.ArrayList;
import java.util.List;

/**
 * What a payment's score is made of: weights of 0 to 1 in the order of their names. Merchant and customer
 * history come from labels, of which the bench has none: both weigh nothing.
 */
record Parts(double... weights) {
    static final List<String> NAMES = List.of("velocity", "amount-ratio", "high-value", "card-testing", "unusual-lately");
    static final Parts NONE = new Parts();
    static final double CARD_TESTING = 0.80;
    /** Smaller parts are in the score but are not told. */
    private static final double TOLD_FROM = 0.05;

    static double velocity(int payments) {
        return payments > 20 ? 0.85 : payments > 10 ? 0.70 : payments > 5 ? 0.50 : 0.0;
    }

    /** The amount is {@code ratio} times the usual one. */
    static double amountRatio(double ratio) {
        return graded(ratio - 1, Rules.AMOUNT_RATIO_HALF, Rules.AMOUNT_RATIO_WEIGHT);
    }

    static double highValue(double amount) {
        return graded(amount - 0.1 * Rules.HIGH_VALUE, 0.15 * Rules.HIGH_VALUE, Rules.HIGH_VALUE_WEIGHT);
    }

    static double unusualLately(double lately) {
        return lately > 0 ? Rules.LATELY_WEIGHT / (1 + 1 / lately) : 0;
    }

    /** Half of {@code most} where {@code excess} equals {@code half}. */
    private static double graded(double excess, double half, double most) {
        if (!(excess > 0)) return 0;
        double inverse = half / excess;
        return most / (1 + inverse * inverse);
    }

    /** In thousandths. */
    int score() {
        double harmless = 1;
        for (double weight : weights) harmless *= 1 - weight;
        return thousandths(1 - harmless);
    }

    private static int thousandths(double fraction) {
        return (int) Math.round(Math.max(0, Math.min(1, fraction)) * 100_000);
    }

    /** What a part would score alone, in thousandths. */
    int alone(int part) {
        return thousandths(weights[part]);
    }

    boolean told(int part) {
        return weights[part] >= TOLD_FROM;
    }

    List<String> reasons() {
        List<String> names = new ArrayList<>(NAMES.size());
        for (int i = 0; i < weights.length; i++) if (told(i)) names.add(NAMES.get(i));
        return names;
    }
}
