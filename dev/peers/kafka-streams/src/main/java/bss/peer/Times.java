package bss.peer;

/** Times as text without the formatter's cost: it is done once for each payment. */
final class Times {
    private static final long DAY = 86_400_000;

    private Times() {}

    /** RFC 3339 in UTC, milliseconds only where there are some. */
    static String rfc3339(long millis) {
        java.time.LocalDate date = java.time.LocalDate.ofEpochDay(Math.floorDiv(millis, DAY));
        long rest = Math.floorMod(millis, DAY);
        char[] text = "0000-00-00T00:00:00.000Z".toCharArray();
        digits(text, 0, 4, date.getYear());
        digits(text, 5, 7, date.getMonthValue());
        digits(text, 8, 10, date.getDayOfMonth());
        digits(text, 11, 13, rest / 3_600_000);
        digits(text, 14, 16, rest / 60_000 % 60);
        digits(text, 17, 19, rest / 1000 % 60);
        if (rest % 1000 == 0) {
            text[19] = 'Z';
            return new String(text, 0, 20);
        }
        digits(text, 20, 23, rest % 1000);
        return new String(text);
    }

    private static void digits(char[] text, int from, int to, long value) {
        for (int i = to - 1; i >= from; i--, value /= 10) text[i] = (char) ('0' + value % 10);
    }
}
