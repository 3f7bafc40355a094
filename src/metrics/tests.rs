//! Rows of each kind, from CSV and from JSON: what is read, and each fault with its reason.

use crate::domain::payment::Currency;
use crate::domain::{EventTime, Reason};
use crate::metrics::decode::{Decoder, Rules};
use crate::metrics::kind::Kind;
use crate::metrics::mapping::Mapping;
use crate::metrics::sample::Sample;
use crate::metrics::wishes::Wishes;

fn rules(round: bool) -> Rules {
    let latest = EventTime::from_event_text("2030-01-01T00:00:00Z").unwrap();
    Rules { currency: Currency::new("EUR").unwrap(), round, latest, floor: None }
}

/// Header, line, and the JSON object that says the same.
const GOOD: [(Kind, &str, &str, &str); 4] = [
    (
        Kind::Customer,
        "customer_id,Metric Name,value,labels,time,event_id",
        r#"c1,logins,1.5,"{""source"":""web""}",2026-01-01T00:00:00Z,e1"#,
        r#"{"customerId":"c1","metricName":"logins","metricValue":1.5,"labels":{"source":"web"},
            "timestamp":1767225600000,"eventId":"e1"}"#,
    ),
    (
        Kind::Order,
        "orderId,customerId,status,totalAmount,itemsCount,region,timestamp,currency,revision",
        "o1,c1,SHIPPED,12.30,2,,2026-01-01T00:00:00Z,USD,3",
        r#"{"orderId":"o1","customerId":"c1","status":"SHIPPED","totalAmount":"12.3","itemsCount":2,
            "region":null,"timestamp":"2026-01-01T00:00:00Z","currency":"USD","revision":3}"#,
    ),
    (
        Kind::Revenue,
        "revenue,costs,profit,orders,region,category,time,eventId",
        "-5.00,1.25,99,0,EU,BOOKS,1767225600000,7",
        r#"{"revenue":-5,"costs":"1.25","ordersCount":"0","region":"EU","productCategory":"BOOKS",
            "timestamp":"2026-01-01T00:00:00Z","eventId":7}"#,
    ),
    (
        Kind::System,
        "service,cpu,memory,requestRate,errors,p99,timestamp,eventId",
        "api,12.5,,0,,250,2026-01-01T00:00:00Z,e",
        r#"{"specversion":"1.0","id":"e","time":"2026-01-01T00:00:00Z","data":{"serviceName":"api",
            "cpuUsage":12.5,"memoryUsage":null,"requestRate":0,"latencyP99":"250"}}"#,
    ),
];

fn csv(kind: Kind, header: &str) -> Decoder {
    let wishes = Wishes::none(kind);
    Decoder::csv(Mapping::from_header(kind, header.as_bytes(), b',', &wishes).unwrap())
}

fn ndjson(kind: Kind) -> Decoder {
    Decoder::ndjson(kind, &Wishes::none(kind))
}

#[test]
fn csv_and_json_of_one_row_are_equal() {
    for (kind, header, line, json) in GOOD {
        let from_csv = csv(kind, header).decode(line.as_bytes(), &rules(false)).unwrap().sample;
        let from_json = ndjson(kind).decode(json.as_bytes(), &rules(false)).unwrap();
        assert_eq!(from_csv, from_json.sample, "{kind:?}");
        assert_eq!(from_csv.kind(), kind);
        assert_eq!(from_csv.time(), EventTime::from_millis(1_767_225_600_000));
        assert_eq!(from_csv.to_json()["timestamp"], "2026-01-01T00:00:00Z");
        assert!(from_csv.same_content(&from_json.sample), "{kind:?}");
    }
}

#[test]
fn profit_is_made_of_revenue_and_costs_and_never_read() {
    let (kind, header, line, _) = GOOD[2];
    let decoder = csv(kind, header);
    assert_eq!(decoder.mapping().unwrap().ignored(), ["profit"]);
    let sample = decoder.decode(line.as_bytes(), &rules(false)).unwrap().sample;
    assert_eq!(sample.to_json()["profit"], "-6.25");
}

#[test]
fn each_fault_has_its_reason_and_field() {
    let cases: [(usize, &str, &str, Reason, &str); 22] = [
        (0, "c1", "", Reason::MissingField, "customerId"),
        (0, "logins", "", Reason::MissingField, "metricName"),
        (0, "1.5", "", Reason::MissingField, "metricValue"),
        (0, "1.5", "many", Reason::WrongType, "metricValue"),
        (0, "1.5", "NaN", Reason::NotANumber, "metricValue"),
        (0, "1.5", "1e400", Reason::NotANumber, "metricValue"),
        (0, r#""{""source"":""web""}""#, "web", Reason::WrongType, "labels"),
        (0, r#""{""source"":""web""}""#, "[1]", Reason::WrongType, "labels"),
        (0, "web", "\\u0000", Reason::BadText, "labels"),
        (1, "12.30", "-12.30", Reason::Negative, "totalAmount"),
        (1, "12.30", "12.30001", Reason::Scale, "totalAmount"),
        (1, ",2,", ",2.5,", Reason::WrongType, "itemsCount"),
        (1, ",2,", ",-2,", Reason::Negative, "itemsCount"),
        (1, "USD", "usd", Reason::BadCurrency, "currency"),
        (1, "USD,3", "USD,0", Reason::WrongType, "revision"),
        (1, "SHIPPED", "", Reason::MissingField, "status"),
        (2, "1.25", "Infinity", Reason::NotANumber, "costs"),
        (2, "-5.00", "1e15", Reason::TooLarge, "revenue"),
        (2, "1767225600000", "1767225600", Reason::ImplausibleTime, "timestamp"),
        (3, "12.5", "-1", Reason::Negative, "cpuUsage"),
        (3, "12.5,,0,,250", ",,,,", Reason::MissingField, "cpuUsage"),
        (3, "api", "", Reason::MissingField, "serviceName"),
    ];
    for (at, from, to, reason, field) in cases {
        let (kind, header, line, _) = GOOD[at];
        let changed = line.replacen(from, to, 1);
        let reject = csv(kind, header).decode(changed.as_bytes(), &rules(false)).unwrap_err();
        assert_eq!((reject.reason, reject.field), (reason, field), "{changed}: {reject}");
    }
}

#[test]
fn a_field_of_the_wrong_json_type_is_named() {
    for (at, from, to, field) in [
        (0, "1.5", "true", "metricValue"),
        (0, "\"c1\"", "{}", "customerId"),
        (0, "{\"source\":\"web\"}", "\"web\"", "labels"),
        (1, "\"12.3\"", "[1]", "totalAmount"),
        (3, "12.5", "{}", "cpuUsage"),
    ] {
        let (kind, _, _, json) = GOOD[at];
        let changed = json.replacen(from, to, 1);
        let decoder = ndjson(kind);
        let reject = decoder.decode(changed.as_bytes(), &rules(false)).unwrap_err();
        assert_eq!((reject.reason, reject.field), (Reason::WrongType, field), "{changed}");
    }
    let nan = GOOD[2].3.replacen("-5", "NaN", 1);
    let reject = ndjson(Kind::Revenue).decode(nan.as_bytes(), &rules(false)).unwrap_err();
    assert_eq!((reject.reason, reject.field), (Reason::NotANumber, "revenue"));
}

#[test]
fn every_amount_is_rounded_when_asked() {
    let (kind, header, line, _) = GOOD[2];
    let line = line.replacen("-5.00", "-5.00005", 1).replacen("1.25", "1.00015", 1);
    let accepted = csv(kind, header).decode(line.as_bytes(), &rules(true)).unwrap();
    assert!(accepted.rounded);
    let Sample::Revenue(row) = accepted.sample else { panic!("revenue") };
    assert_eq!((row.revenue.to_string(), row.costs.to_string()), ("-5.00".into(), "1.0002".into()));
}

#[test]
fn labels_are_compared_as_json() {
    let json = |labels: &str| {
        format!(
            r#"{{"eventId":"e","customerId":"c","metricName":"m","metricValue":1,"labels":{labels},
            "timestamp":1767225600000}}"#
        )
    };
    let (a, b, c) =
        (json(r#"{"a":1,"b":[2]}"#), json(r#"{ "b":[2], "a":1 }"#), json(r#"{"a":2,"b":[2]}"#));
    let decoder = ndjson(Kind::Customer);
    let read =
        |text: &str| decoder.decode(text.as_bytes(), &rules(false)).map(|a| a.sample.to_json());
    assert_eq!(read(&a).unwrap()["labels"]["b"][0], 2);
    let sample = |text| decoder.decode(text, &rules(false)).unwrap().sample;
    let (a, b, c) = (sample(a.as_bytes()), sample(b.as_bytes()), sample(c.as_bytes()));
    assert!(a.same_content(&b) && !a.same_content(&c));
}
