# Invoice lines (the CSV of UCI "Online Retail") to one line for each invoice.
#   awk -f dev/derivation/invoices.awk LINES.csv
# Left out, and counted on standard error: exact repeats of a line, invoices without a customer,
# invoices whose total is zero. Amounts are added as whole ten-thousandths, never as fractions.
BEGIN {
  FS = ","
  print "invoice,time,customer,country,lines,repeats,total,cancelled"
}
{ sub(/\r$/, "") }
NR == 1 { next }
{
  # a description may hold commas, nothing after it does: count the fields from the end
  invoice = $1; quantity = $(NF - 4); time = $(NF - 3); price = $(NF - 2)
  if (!(invoice in lines)) { order[++invoices] = invoice; lines[invoice] = 0 }
  if ($0 in seen) { repeats[invoice]++; all_repeats++; next }
  seen[$0] = 1
  lines[invoice]++
  total[invoice] += quantity * rounded(price * 10000)
  # some invoices span two minutes: the first one counts
  if (!(invoice in first) || time < first[invoice]) first[invoice] = time
  customer[invoice] = $(NF - 1)
  country[invoice] = $NF
}
END {
  for (i = 1; i <= invoices; i++) {
    n = order[i]
    if (customer[n] == "") { anonymous++; continue }
    if (total[n] == 0) { zero++; continue }
    sub(/\.0$/, "", customer[n])
    printf "%s,%s,%s,%s,%d,%d,%s,%s\n", n, first[n], customer[n], country[n], lines[n],
      repeats[n], decimal(total[n]), n ~ /^C/ ? "true" : "false"
    written++
  }
  printf "%d invoices: %d written, %d without a customer, %d with a total of zero; " \
    "%d exact repeats of a line left out\n", invoices, written, anonymous, zero,
    all_repeats > "/dev/stderr"
}
function rounded(x) { return x < 0 ? -int(-x + 0.5) : int(x + 0.5) }
function decimal(units, sign, whole, text) {
  sign = units < 0 ? "-" : ""
  if (units < 0) units = -units
  whole = int(units / 10000)
  text = sprintf("%04d", units - whole * 10000)
  while (length(text) > 2 && text ~ /0$/) text = substr(text, 1, length(text) - 1)
  return sign sprintf("%.0f", whole) "." text
}
