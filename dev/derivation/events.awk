# Invoices and planted payments to events, their times moved by whole weeks.
#   awk -v weeks=N -v kind=payment|order -f events.awk INVOICES.csv [PLANTED.ndjson]
# Prints TIME, KEY and the event as JSON, separated by tabs, in the order of the input.
# A cancellation is a refund: its amount is the positive amount of the invoice.
BEGIN { FS = "," }
NR == 1 { next }
/^\{/ {
  if (!match($0, /"timestamp":"[0-9-]+/)) next
  date = substr($0, RSTART + 13, 10)
  planted = substr($0, 1, RSTART + 12) moved(date) substr($0, RSTART + RLENGTH)
  time = moved(date) substr($0, RSTART + RLENGTH, 10)
  match($0, /"customerId":"[^"]*/)
  print time "\t" substr($0, RSTART + 14, RLENGTH - 14) "\t" planted
  next
}
{
  amount = $7
  sub(/^-/, "", amount)
  refund = $8 == "true"
  time = moved(substr($2, 1, 10)) "T" substr($2, 12) "Z"
  if (kind == "order") {
    event = sprintf("{\"orderId\":\"%s\",\"customerId\":\"%s\",\"totalAmount\":\"%s\"," \
      "\"currency\":\"GBP\",\"itemsCount\":%d,\"status\":\"%s\",\"region\":\"%s\"", $1, $3,
      amount, $5, refund ? "CANCELLED" : "COMPLETED", $4)
  } else {
    event = sprintf("{\"paymentId\":\"PAY-%s\",\"customerId\":\"%s\",\"orderId\":\"%s\"," \
      "\"amount\":\"%s\",\"currency\":\"GBP\",\"status\":\"%s\",\"location\":\"%s\"", $1, $3,
      $1, amount, refund ? "REFUNDED" : "COMPLETED", $4)
  }
  print time "\t" $3 "\t" event ",\"timestamp\":\"" time "\"}"
}
# moved("2011-06-30"): the date so many weeks later; each date is computed once.
function moved(date) {
  if (!(date in known)) known[date] = civil(days(date) + 7 * weeks)
  return known[date]
}
# Days since 1970-01-01 of the proleptic Gregorian calendar and back, in eras of 400 years
# that begin in March.
function days(date, y, m, d, era, of_era) {
  y = substr(date, 1, 4) + 0; m = substr(date, 6, 2) + 0; d = substr(date, 9, 2) + 0
  if (m <= 2) y--
  era = int(y / 400)
  of_era = y - era * 400
  return era * 146097 + of_era * 365 + int(of_era / 4) - int(of_era / 100) \
    + int((153 * (m > 2 ? m - 3 : m + 9) + 2) / 5) + d - 1 - 719468
}
function civil(n, era, day, y, of_year, mp, m) {
  n += 719468
  era = int(n / 146097)
  day = n - era * 146097
  y = int((day - int(day / 1460) + int(day / 36524) - int(day / 146096)) / 365)
  of_year = day - (365 * y + int(y / 4) - int(y / 100))
  mp = int((5 * of_year + 2) / 153)
  m = mp < 10 ? mp + 3 : mp - 9
  return sprintf("%04d-%02d-%02d", y + era * 400 + (m <= 2 ? 1 : 0), m,
    of_year - int((153 * mp + 2) / 5) + 1)
}
