//! `bss metrics export`: what goes out comes in again as it was.

use std::process::Output;

use crate::bounded::Bounded;
use crate::metrics_database::Database;
use crate::support::shown;

fn bss(database: &Database, arguments: &[&str]) -> Output {
    let mut command = database.bss();
    command.args(arguments).ended().expect("bss")
}

fn good(database: &Database, arguments: &[&str]) -> Output {
    let output = bss(database, arguments);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", shown(&output));
    output
}

/// Rows of every kind, hostile texts among them.
const FILES: [(&str, &str); 5] = [
    (
        "customer",
        "customerId,metricName,metricValue,labels,timestamp,eventId\n\
         c1,\"a \"\"b\"\", c\",0.1,\"{\"\"k\"\":\"\"v\\u0001\\n\"\",\"\"n\"\":null}\",2026-03-01T00:00:00.000001Z,e1\n\
         \"c\n2\",x,-1e-300,,2026-03-01T00:00:00Z,\n",
    ),
    (
        "order",
        "orderId,customerId,status,totalAmount,itemsCount,currency,region,tags,timestamp,revision\n\
         o1,c,NEW,100,3,IDR,,,2026-03-01T00:00:00Z,1\n\
         o1,c,NEW,100.1234,3,IDR,EU,\"{\"\"a\"\":[1,2]}\",2026-03-01T00:00:01Z,4\n",
    ),
    (
        "payment",
        "paymentId,customerId,amount,status,currency,paymentMethod,merchantId,fraudScore,timestamp\n\
         p1,c,10.50,COMPLETED,EUR,CARD,m,99.125,2026-03-01T00:00:00Z\n\
         \"p,2\",\u{6771},0.0001,FAILED,EUR,,,,2026-03-01T00:00:00Z\n",
    ),
    (
        "revenue",
        "revenue,costs,ordersCount,currency,region,productCategory,timestamp,eventId\n\
         -10.5,3.25,0,EUR,,BOOKS,2026-03-01T00:00:00Z,r1\n",
    ),
    (
        "system",
        "serviceName,cpuUsage,memoryUsage,requestRate,errorRate,latencyP99,timestamp,eventId\n\
         api,33.333333333333336,,1e15,0,,2026-03-01T00:00:00Z,s1\n",
    ),
];

#[test]
fn what_goes_out_comes_in_again_as_it_was() {
    let (one, other) = (Database::fresh(), Database::fresh());
    for (kind, text) in FILES {
        std::fs::write(one.home().join("rows.csv"), text).expect("written");
        good(&one, &["metrics", "import", kind, "rows.csv"]);
        for name in ["out.csv", "out.ndjson", "out.csv.gz", "out.jsonl.gz"] {
            let place = one.home().join(name);
            let path = place.to_str().expect("a path");
            good(&one, &["metrics", "export", kind, path, "--force"]);
            good(&other, &["metrics", "import", kind, path]);
            let all = format!(
                "SELECT count(*) FROM bss.{kind}_metrics WHERE (to_jsonb({kind}_metrics) IS NOT NULL)"
            );
            assert_eq!(other.count(&all), one.count(&all), "{kind} {name}");
        }
        let [first, second] =
            [&one, &other].map(|d| good(d, &["metrics", "export", kind, "-"]).stdout);
        let [first, second] = [first, second].map(|b| String::from_utf8(b).expect("UTF-8"));
        assert_eq!(first, second, "{kind}");
        assert!(first.lines().count() > 1, "{first}");
        let json = good(&one, &["metrics", "export", kind, "--format", "ndjson"]).stdout;
        let rows = String::from_utf8(json).expect("UTF-8");
        for row in rows.lines() {
            let value: serde_json::Value = serde_json::from_str(row).expect("one object a line");
            assert!(value["timestamp"].is_string(), "{row}");
        }
    }
}

#[test]
fn only_what_was_asked_for_goes_out_and_no_file_is_lost() {
    let database = Database::fresh();
    std::fs::write(database.home().join("rows.csv"), FILES[2].1).expect("written");
    good(&database, &["metrics", "import", "payment", "rows.csv"]);
    let some = good(&database, &["metrics", "export", "payment", "--where", "status=FAILED"]);
    let text = String::from_utf8(some.stdout).expect("UTF-8");
    assert_eq!(text.lines().count(), 2, "{text}");
    assert!(text.contains("\"p,2\",,\u{6771},0.0001,EUR,FAILED"), "{text}");
    let none = good(&database, &["metrics", "export", "payment", "--since", "2026-03-02"]);
    assert_eq!(String::from_utf8(none.stdout).expect("UTF-8").lines().count(), 1);
    // A file that is there stays, and so does it if nothing can be exported.
    let kept = database.home().join("kept.csv");
    std::fs::write(&kept, "mine").expect("written");
    let refused = bss(&database, &["metrics", "export", "payment", "kept.csv"]);
    assert_eq!(refused.status.code(), Some(1), "{}", shown(&refused));
    assert!(shown(&refused).contains("--force"), "{}", shown(&refused));
    let bare = Database::bare();
    let place = kept.to_str().expect("a path");
    let failed = bss(&bare, &["metrics", "export", "payment", place, "--force"]);
    assert_eq!(failed.status.code(), Some(4), "{}", shown(&failed));
    assert_eq!(std::fs::read_to_string(&kept).expect("there"), "mine");
    let left: Vec<_> = std::fs::read_dir(database.home()).expect("a folder").collect();
    let partial = |e: &std::io::Result<std::fs::DirEntry>| {
        e.as_ref().is_ok_and(|e| e.file_name().to_string_lossy().contains("partial"))
    };
    assert!(!left.iter().any(partial), "{left:?}");
}
