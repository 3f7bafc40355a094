//! The events as they are written.

use crate::pricing::tests::given::{bare, close, fresh, row, units};
use crate::pricing::{Demand, PricingRules, Written, write_recommendation, write_withdrawal};

#[test]
fn a_recommendation_tells_its_reasons() {
    let rules = PricingRules { view_weight: 0.05, ..bare() };
    let mut pricing = fresh(&rules);
    let demand = Demand { units: 190, orders: 60, views: 200 };
    let mut product = row("19.99", 50.0);
    let mut out = Written::default();
    let told = close(&mut pricing, &product, 0, demand, &rules).recommendation;
    write_recommendation("P1", &told, &mut out);
    assert_eq!(String::from_utf8_lossy(&out.id), "P1/1767571200000000-1767572100000000");
    assert_eq!(
        String::from_utf8_lossy(&out.value),
        concat!(
            r#"{"productId":"P1","recommendedPrice":"21.98","previousPrice":"19.99","#,
            r#""currency":"EUR","basePrice":"19.99","floor":"15.992","ceiling":"23.988","#,
            r#""rule":"DEMAND","units":190,"orderCount":60,"views":200,"demand":200,"#,
            r#""expectedDemand":50,"learntShare":0,"demandFactor":4,"requestedChange":"0.3","#,
            r#""unroundedPrice":"21.989","limits":["MAX_CHANGE"],"#,
            r#""windowStart":"2026-01-05T00:00:00Z","windowEnd":"2026-01-05T00:15:00Z","#,
            r#""revision":1}"#
        )
    );
    product.base_price = "30.00".parse().unwrap();
    (product.floor, product.ceiling) = (None, None);
    let told = pricing.reprice(&product, &rules);
    write_recommendation("P1", &told, &mut out);
    assert!(out.id.ends_with(b"-1767572100000000/r2"));
    let json: serde_json::Value = serde_json::from_slice(&out.value).unwrap();
    assert_eq!(json["recommendedPrice"], "33.00");
    assert_eq!(json["previousPrice"], "21.98");
    assert_eq!((&json["rule"], &json["revision"]), (&"CATALOG".into(), &2.into()));
    assert!(json.get("floor").is_none(), "what is not there is not written");
    let (window, revision) = pricing.standing.withdrawal(&rules).unwrap();
    write_withdrawal("P1", window, revision, &mut out);
    assert!(out.id.ends_with(b"/r3"));
    let json: serde_json::Value = serde_json::from_slice(&out.value).unwrap();
    assert_eq!((&json["withdrawn"], &json["productId"]), (&true.into(), &"P1".into()));
}

#[test]
fn hostile_names_and_numbers_stay_json() {
    let rules = bare();
    let mut pricing = fresh(&rules);
    let product = row("10.00", 0.0);
    let demand = Demand { units: u64::MAX, orders: u64::MAX, views: u64::MAX };
    let told = close(&mut pricing, &product, 0, demand, &rules).recommendation;
    let mut out = Written::default();
    let name = "a\"b\\\n\u{1f34e}/../";
    write_recommendation(name, &told, &mut out);
    let json: serde_json::Value = serde_json::from_slice(&out.value).unwrap();
    assert_eq!((&json["productId"], &json["recommendedPrice"]), (&name.into(), &"11.00".into()));
    assert_eq!(json["units"], u64::MAX);
    let unknown = crate::domain::Product { expected_demand: None, ..product };
    let mut pricing = fresh(&rules);
    let told = close(&mut pricing, &unknown, 0, units(5), &rules).recommendation;
    assert!(!told.moved, "nothing says what to expect");
    write_recommendation(name, &told, &mut out);
    let json: serde_json::Value = serde_json::from_slice(&out.value).unwrap();
    assert!(json.get("expectedDemand").is_none());
    assert_eq!((&json["demandFactor"], &json["limits"]), (&1.into(), &serde_json::json!([])));
}
