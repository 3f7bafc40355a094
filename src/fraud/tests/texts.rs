//! The JSON of alerts and of customers at high risk.

use super::given::{Customer, decline, from, payment};
use crate::domain::PaymentEvent;
use crate::fraud::Assessment;

fn json(answer: &Assessment) -> String {
    let mut out = Vec::new();
    answer.alerts[0].write_json("c \"1\"", &mut out);
    let text = String::from_utf8(out).unwrap();
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["alertId"].as_str().unwrap().len(), 32);
    assert_eq!(value["customerId"], "c \"1\"");
    text.replace(value["alertId"].as_str().unwrap(), "ID")
}

#[test]
fn a_rapid_alert() {
    let mut customer = Customer::with(|rules| (rules.rapid_high, rules.rapid_critical) = (1, 9));
    customer.pays(&payment("p\n1", 0, "10.00"));
    assert_eq!(
        json(&customer.pays(&payment("p2", 60, "7.5"))),
        r#"{"alertId":"ID","rule":"RAPID_PAYMENTS","ruleVersion":1,"severity":"HIGH","customerId":"c \"1\"","paymentIds":["p\n1","p2"],"amount":"7.50","currency":"EUR","values":{"count":2,"limit":1,"windowSeconds":300},"windowStart":"2026-01-01T09:56:00Z","windowEnd":"2026-01-01T10:01:00Z","timestamp":"2026-01-01T10:01:00Z","description":"2 payments within 5 min, more than 1","revision":1}"#
    );
}

#[test]
fn an_unusual_alert_keeps_its_decimals() {
    let mut customer = Customer::default();
    for n in 0..5 {
        customer.pays(&payment(&format!("h{n}"), n * 3600, if n == 0 { "0.10" } else { "0.20" }));
    }
    let text = json(&customer.pays(&payment("x", 18_000, "9007199254740.9931")));
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["amount"], "9007199254740.9931");
    assert_eq!(value["values"]["amount"], "9007199254740.9931");
    assert_eq!(value["values"]["mean"], "0.18");
    assert_eq!(value["values"]["payments"], 5);
    assert_eq!(value["values"]["rule"], "ratio");
    assert!(value["values"]["ratio"].is_number() && value["values"]["deviations"].is_number());
    assert!(value["description"].as_str().unwrap().contains("mean of 0.18 EUR over 5 payments"));
}

#[test]
fn what_cannot_be_said_is_left_out() {
    let mut customer = Customer::default();
    for n in 0..5 {
        customer.pays(&payment(&format!("h{n}"), n * 3600, "20.00"));
    }
    let text = json(&customer.pays(&payment("x", 18_000, "150.00")));
    let values =
        r#""values":{"amount":"150.00","mean":"20.00","ratio":7.5,"payments":5,"rule":"ratio"}"#;
    assert!(text.contains(values), "{text}");
    let said = "150.00 EUR is 7.5 times the customer's mean of 20.00 EUR over 5 payments";
    assert!(text.contains(said), "{text}");
}

#[test]
fn the_other_rules_speak_too() {
    let mut first = Customer::with(|rules| rules.no_history = true);
    let text = json(&first.pays(&payment("p", 0, "1.00")));
    assert!(text.contains(r#""severity":"MEDIUM""#) && text.contains(r#""values":{"payments":0}"#));
    assert!(text.contains("first payment of the customer in EUR"));

    let mut tested = Customer::with(|rules| {
        (rules.card_testing_declines, rules.card_testing_instruments) = (2, 2);
    });
    tested.pays(&decline("d1", 0, "1.00", Some("a")));
    let text = json(&tested.pays(&decline("d2", 1, "1.00", None)));
    let values = r#""values":{"count":2,"instruments":2,"maxAmount":"5.00","windowSeconds":600}"#;
    assert!(text.contains(values), "{text}");
    assert!(text.contains("2 declined payments of at most 5.00 within 10 min with 2 instruments"));

    let mut moved = Customer::with(|rules| rules.relay_locations = vec!["Tor".to_owned()]);
    moved.pays(&from("a", 0, "Rome"));
    let text = json(&moved.pays(&from("b", 90, "Tor")));
    let values = r#""values":{"from":"Rome","to":"Tor","elapsedSeconds":90,"relay":true}"#;
    assert!(text.contains(values), "{text}");
    assert!(text.contains("paid from Tor (a known relay) within 90 s of paying from Rome"));
}

#[test]
fn ids_depend_on_what_happened_and_on_nothing_else() {
    let id = |payment: &PaymentEvent<'_>| {
        let mut customer = Customer::with(|rules| rules.no_history = true);
        customer.pays(payment).alerts[0].id.to_string()
    };
    let own = id(&payment("p", 0, "1.00"));
    // XXH3-128 of `NO_HISTORY|MEDIUM|c1|p|1767261600000000`: stored alerts carry it for good.
    assert_eq!(own, "c310b8c5232811ad49f84778a117a03b");
    assert_eq!(own, id(&payment("p", 0, "2.00")));
    assert_ne!(own, id(&payment("q", 0, "1.00")));
    assert_ne!(own, id(&payment("p", 1, "1.00")));
    assert_ne!(own, id(&PaymentEvent { customer_id: "c2".into(), ..payment("p", 0, "1.00") }));
}

#[test]
fn a_customer_at_high_risk() {
    let mut customer = Customer::with(|rules| rules.high_risk = 49.0);
    let risk = (0..6).find_map(|n| customer.pays(&payment(&format!("p{n}"), n, "1.00")).high_risk);
    let (risk, mut out) = (risk.unwrap(), Vec::new());
    risk.write_json("c1", &mut out);
    out.push(b' ');
    risk.write_id("c1", &mut out);
    assert_eq!(
        String::from_utf8(out).unwrap(),
        r#"{"customerId":"c1","paymentId":"p5","score":50,"level":"HIGH","reasons":["velocity"],"timestamp":"2026-01-01T10:00:05Z"} c1/p5/HIGH"#
    );
}
