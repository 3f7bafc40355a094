//! What is found is what was done to the outputs, and nothing else.

use proptest::prelude::*;

use super::*;

/// (topic, key, id, value); the id 0 is none.
type Made = (u8, u8, u8, u8);

fn output(&(topic, key, id, value): &Made) -> Output {
    Output {
        topic: format!("t{topic}"),
        key: Some(format!("k{key}")),
        id: (id > 0).then(|| format!("i{id}")),
        value: value::json(Some(format!("{{\"v\":{value}}}").as_bytes())),
    }
}

fn compared(recorded: &[Made], produced: &[Made]) -> Verdict {
    let mut comparison = Comparison::default();
    recorded.iter().for_each(|o| comparison.recorded(&output(o)));
    produced.iter().for_each(|o| comparison.produced(&output(o)));
    comparison.verdict()
}

fn any_outputs() -> impl Strategy<Value = Vec<Made>> {
    prop::collection::vec((0..2_u8, 0..4_u8, 0..6_u8, 0..4_u8), 0..40)
}

/// The length of the longest common subsequence, the slow way.
fn longest(a: &[Made], b: &[Made]) -> usize {
    let mut row = vec![0; b.len() + 1];
    for x in a {
        let mut diagonal = 0;
        for (at, y) in b.iter().enumerate() {
            let above = row[at + 1];
            row[at + 1] = if x == y { diagonal + 1 } else { above.max(row[at]) };
            diagonal = above;
        }
    }
    row[b.len()]
}

proptest! {
    #[test]
    fn equal_outputs_give_none_whatever_the_order_between_keys(all in any_outputs()) {
        let mut by_key = all.clone();
        by_key.sort_by_key(|o| (o.1, o.0));
        let verdict = compared(&all, &by_key);
        prop_assert_eq!(verdict.total().differences(), 0);
        prop_assert_eq!(verdict.total().equal(), all.len() as u64);
    }

    #[test]
    fn one_edit_is_found_as_exactly_that(all in any_outputs(), at in any::<prop::sample::Index>(),
                                         edit in 0..3) {
        prop_assume!(!all.is_empty());
        let at = at.index(all.len());
        let mut edited = all.clone();
        let kind = match edit {
            0 => { edited.remove(at); Kind::Missing }
            1 => { edited.insert(at, (all[at].0, all[at].1, 99, 99)); Kind::Extra }
            _ => { edited[at].3 = 99; Kind::Changed }
        };
        let verdict = compared(&all, &edited);
        let found: Vec<Difference> = verdict.differences().collect();
        prop_assert_eq!(found.len(), 1, "{:?}", found);
        prop_assert_eq!(found[0].kind, kind);
        match kind {
            Kind::Changed => {
                let field = Field { path: "/v".into(), recorded: Some(all[at].3.to_string()),
                                    produced: Some("99".into()) };
                prop_assert_eq!(found[0].fields(), vec![field]);
            }
            Kind::Extra => {
                let id = found[0].produced.as_ref().and_then(|o| o.id.as_deref());
                prop_assert_eq!(id, Some("i99"));
            }
            Kind::Missing => {
                let gone = output(&all[at]);
                let told = found[0].recorded.as_ref().unwrap();
                prop_assert_eq!((&told.topic, &told.key, &told.id, told.value.get()),
                                (&gone.topic, &gone.key, &gone.id, gone.value.get()));
            }
        }
    }

    #[test]
    fn the_counts_add_up(a in any_outputs(), b in any_outputs()) {
        let verdict = compared(&a, &b);
        let total = verdict.total();
        prop_assert_eq!((total.recorded, total.produced), (a.len() as u64, b.len() as u64));
        prop_assert_eq!(total.equal() + total.changed + total.extra, total.produced);
        let found = verdict.differences().collect::<Vec<_>>();
        prop_assert_eq!(found.len() as u64, total.differences());
        for difference in &found {
            let sides = (difference.recorded.is_some(), difference.produced.is_some());
            let kind = match sides {
                (true, true) => Kind::Changed,
                (true, false) => Kind::Missing,
                _ => Kind::Extra,
            };
            prop_assert_eq!(difference.kind, kind);
            prop_assert_eq!(difference.fields().is_empty(), kind != Kind::Changed);
        }
        let back = compared(&b, &a).total();
        prop_assert_eq!(back.equal() + back.changed + back.extra, back.produced);
    }

    /// As many are equal as can be, where no output of a key is there twice.
    #[test]
    fn no_difference_is_made_up(order in Just((1..30_u8).collect::<Vec<_>>()).prop_shuffle(),
                                cut in 0..29_usize) {
        let a: Vec<Made> = (1..30).map(|id| (0, 0, id, id % 4)).collect();
        let b: Vec<Made> = order[cut..].iter().map(|id| (0, 0, *id, id % 4)).collect();
        prop_assert_eq!(compared(&a, &b).total().equal(), longest(&a, &b) as u64);
    }

    #[test]
    fn a_number_is_its_digits(digits in any::<i64>(), scale in 0..20_u32) {
        let canonical = |text: String| {
            let mut out = Vec::new();
            value::canonical(&value::json(Some(text.as_bytes())), &mut out);
            out
        };
        let one = canonical(format!("{digits}e-{scale}"));
        let decimal = rust_decimal::Decimal::from_i128_with_scale(digits.into(), scale);
        prop_assert_eq!(&one, &canonical(decimal.to_string()));
        prop_assert_eq!(&one, &canonical(format!(" {digits}000E-{}", scale + 3)));
        let next = digits.wrapping_add(1);
        prop_assert_ne!(&one, &canonical(format!("{next}e-{scale}")));
    }
}

#[test]
fn the_order_of_a_key_matters() {
    let (x, y) = ((0, 0, 1, 1), (0, 0, 2, 2));
    let total = compared(&[x, y], &[y, x]).total();
    assert_eq!((total.equal(), total.missing, total.extra, total.changed), (1, 1, 1, 0));
}

#[test]
fn an_output_with_another_key_is_one_change() {
    let verdict = compared(&[(0, 1, 7, 1)], &[(0, 2, 7, 1)]);
    let found: Vec<Difference> = verdict.differences().collect();
    assert_eq!(found.len(), 1);
    let fields = found[0].fields();
    assert_eq!(fields.len(), 1);
    assert_eq!((fields[0].path.as_str(), fields[0].recorded.as_deref()), ("key", Some("\"k1\"")));
}

#[test]
fn fields_are_named_by_where_they_are() {
    let found = value::fields(
        r#"{"a":{"b":[1,2.0,{"c":"x"}]},"gone":null,"same":1e2,"n/m":9007199254740993}"#,
        r#"{"same":100,"n/m":9007199254740992,"a":{"b":[1.0,2,{"c":"y"},4]}}"#,
    );
    let told: Vec<(&str, Option<&str>, Option<&str>)> = found
        .iter()
        .map(|f| (f.path.as_str(), f.recorded.as_deref(), f.produced.as_deref()))
        .collect();
    assert_eq!(
        told,
        [
            ("/a/b/2/c", Some("\"x\""), Some("\"y\"")),
            ("/a/b/3", None, Some("4")),
            ("/gone", Some("null"), None),
            ("/n~1m", Some("9007199254740993"), Some("9007199254740992")),
        ]
    );
}

#[test]
fn a_value_of_any_depth_and_bytes_of_any_kind_are_compared() {
    let deep = "[".repeat(200_000) + &"]".repeat(200_000);
    let value = |bytes: &[u8]| Output {
        topic: "t".into(),
        key: None,
        id: None,
        value: value::json(Some(bytes)),
    };
    let mut comparison = Comparison::default();
    for bytes in [deep.as_bytes(), b"\xff{", b"{\n\"a\" :\n1}"] {
        comparison.recorded(&value(bytes));
    }
    for bytes in [deep.as_bytes(), b"\xff{", b"{\"a\":1.0}"] {
        comparison.produced(&value(bytes));
    }
    assert_eq!(comparison.verdict().total().equal(), 3);
}

/// More than one packed block, and each output read back as it was.
#[test]
fn what_is_packed_comes_back() {
    let many = |from: u32| {
        let mut comparison = Comparison::default();
        for n in 0..5000 {
            let make = |n: u32| Output {
                topic: "t".into(),
                key: Some(format!("k{n}")),
                id: Some(n.to_string()),
                value: value::json(Some(format!("{{\"text\":\"{n:0100}\"\n}}").as_bytes())),
            };
            comparison.recorded(&make(n));
            comparison.produced(&make(n + from));
        }
        comparison.verdict()
    };
    assert_eq!(many(0).total().equal(), 5000);
    let verdict = many(2000);
    let missing: Vec<Difference> =
        verdict.differences().filter(|d| d.kind == Kind::Missing).collect();
    assert_eq!(missing.len(), 2000);
    assert!(
        missing
            .iter()
            .enumerate()
            .all(|(n, d)| { d.recorded.as_ref().is_some_and(|o| o.id == Some(n.to_string())) })
    );
}
