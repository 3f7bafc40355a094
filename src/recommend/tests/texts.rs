//! What is written, to the byte.

use proptest::prelude::*;
use serde_json::Value;

use crate::recommend::tests::given::{minute, view};
use crate::recommend::{
    Parts, Reason, RecommendRules, Recommendation, Suggestion, TopProducts, TrendKey, TrendWindow,
    Written, write_recommendation, write_trending,
};

#[test]
fn a_recommendation_reads_as_promised() {
    let parts = Parts { near: 0.5, next: 0.125, beyond: 0.02, popular: 0.0, interest: 1.25 };
    let popular = Parts { popular: 0.01, interest: 1.0, ..Parts::default() };
    let products = vec![
        Suggestion {
            product: "p2",
            parts,
            reason: Reason::Neighbours { product: "p1", sessions: 12 },
        },
        Suggestion { product: "p9", parts: popular, reason: Reason::Popular { sessions: 40 } },
    ];
    let recommendation = Recommendation { products, confidence: 0.4321 };
    let mut out = Written::default();
    let own = view("p1", Some("toys"), Some("s1"), 1);
    write_recommendation(&own, &recommendation, &mut out);
    assert_eq!(String::from_utf8(out.id).unwrap(), "c1/s1/p1/1767225660000000");
    assert_eq!(
        String::from_utf8(out.value).unwrap(),
        "{\"customerId\":\"c1\",\"productId\":\"p1\",\"category\":\"toys\",\"sessionId\":\"s1\",\
         \"recommendations\":[{\"productId\":\"p2\",\"score\":80.625,\"reason\":{\"kind\":\
         \"similar-sessions\",\"productId\":\"p1\",\"sessions\":12,\"similarSessions\":50,\
         \"seenBeside\":12.5,\"related\":2,\"interestFactor\":1.25}},{\"productId\":\"p9\",\
         \"score\":1,\"reason\":{\"kind\":\"popular\",\"sessions\":40,\"popular\":1}}],\
         \"confidence\":0.432,\"timestamp\":\"2026-01-01T00:01:00Z\"}"
    );
}

#[test]
fn a_ranking_reads_as_promised() {
    let mut top = TopProducts::new(3);
    top.add("p\"1", 7);
    top.add("p2", 9);
    let window = TrendWindow { start: minute(0), end: minute(60), revision: 1 };
    let mut out = Written::default();
    write_trending(&TrendKey::All, window, &top, &mut out);
    assert_eq!(String::from_utf8(out.id.clone()).unwrap(), "all/1767225600000000-1767229200000000");
    assert_eq!(
        String::from_utf8(out.value.clone()).unwrap(),
        "{\"scope\":\"all\",\"category\":\"ALL\",\"windowStart\":\"2026-01-01T00:00:00Z\",\
         \"windowEnd\":\"2026-01-01T01:00:00Z\",\"products\":[{\"rank\":1,\"productId\":\"p2\",\
         \"views\":9},{\"rank\":2,\"productId\":\"p\\\"1\",\"views\":7}],\"revision\":1}"
    );
    let key = TrendKey::Category("ALL".into());
    let corrected = TrendWindow { revision: 2, ..window };
    write_trending(&key, corrected, &TopProducts::default(), &mut out);
    assert_eq!(
        String::from_utf8(out.id).unwrap(),
        "category/ALL/1767225600000000-1767229200000000/r2"
    );
    let value: Value = serde_json::from_slice(&out.value).unwrap();
    assert_eq!((&value["scope"], &value["revision"]), (&"category".into(), &2.into()));
    assert!(value["products"].as_array().unwrap().is_empty());
}

proptest! {
    #[test]
    fn hostile_texts_stay_texts(product in "\\PC{1,20}|[\"\\\\\u{1}-\u{1f}]{1,9}", other in any::<String>()) {
        let parts = Parts { beyond: 0.25, interest: 1.0, ..Parts::default() };
        let reason = Reason::Beyond { product: &other };
        let products = vec![Suggestion { product: &product, parts, reason }];
        let recommendation = Recommendation { products, confidence: 1.0 };
        let mut out = Written::default();
        let own = view(&other, Some(&product), None, 0);
        write_recommendation(&own, &recommendation, &mut out);
        let value: Value = serde_json::from_slice(&out.value).unwrap();
        prop_assert_eq!(&value["productId"], &Value::from(other.clone()));
        prop_assert_eq!(&value["category"], &Value::from(product.clone()));
        let first = &value["recommendations"][0];
        prop_assert_eq!(&first["productId"], &Value::from(product));
        prop_assert_eq!(&first["reason"]["productId"], &Value::from(other));
        prop_assert_eq!(&first["reason"]["kind"], &Value::from("related"));
    }
}

#[test]
fn senseless_rules_are_refused_by_name() {
    type Change = fn(&mut RecommendRules);
    let changes: [(&str, Change); 8] = [
        ("recommend.half_life", |r| r.half_life = 0),
        ("recommend.trending_advance", |r| r.trending_advance = r.trending_window + 1),
        ("recommend.session_items", |r| r.session_items = 1),
        ("recommend.neighbours", |r| r.neighbours = 0),
        ("recommend.next_weight", |r| r.next_weight = 1.5),
        ("recommend.beyond_weight", |r| r.beyond_weight = f64::NAN),
        ("recommend.view_weight", |r| r.view_weight = -1.0),
        ("recommend.weights", |r| r.weights.extend([("X".to_owned(), f64::INFINITY)])),
    ];
    for (setting, change) in changes {
        let mut rules = RecommendRules::default();
        change(&mut rules);
        assert_eq!(rules.validated().unwrap_err().setting, setting);
    }
    assert!(RecommendRules::default().validated().is_ok());
    let weights = RecommendRules::weights_from(&["A=2".to_owned(), " B = 0.5".to_owned()]);
    assert_eq!(weights.unwrap()["B"], 0.5);
    for bad in ["A", "=1", "A=-1", "A=NaN", "A=inf", "A=1e9", "A="] {
        assert!(RecommendRules::weights_from(&[bad.to_owned()]).is_err(), "{bad}");
    }
    let rules = RecommendRules::default();
    assert_eq!((rules.slots(12), rules.slots(0), rules.slots(u32::MAX)), (8334, 100_000, 1));
}
