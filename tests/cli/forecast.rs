//! `bss analytics forecast`: series of a file, without a server.

use std::io::Write;

use serde_json::Value;

use crate::support::{Place, Shown};

/// Two series: a week of days from 2026-01-01 on, and numbers that rise.
fn series() -> String {
    let mut text = "series_id,time,value\n".to_owned();
    let first: jiff::civil::Date = "2026-01-01".parse().unwrap();
    for n in 0..42_i64 {
        let day = first.checked_add(jiff::Span::new().days(n)).unwrap();
        // One value is empty, one row is left out.
        let value = if n == 17 { String::new() } else { format!("{}.5", n % 7 * 10) };
        if n != 25 {
            text += &format!("shop,{day},{value}\n");
        }
        text += &format!("line,{},{}\n", 100 + n, 2 * n);
    }
    text
}

fn ran(place: &Place, arguments: &[&str]) -> Shown {
    place.run(&[&["analytics", "forecast"], arguments].concat())
}

fn json(shown: &Shown) -> Value {
    serde_json::from_str(shown.ok()).expect("JSON")
}

#[test]
fn series_of_a_file_are_forecast_plain_and_gzipped() {
    let place = Place::new().file("series.csv", &series());
    let gzipped = std::fs::File::create(place.path().join("series.csv.gz")).unwrap();
    let mut gzipped = flate2::write::GzEncoder::new(gzipped, flate2::Compression::default());
    gzipped.write_all(series().as_bytes()).unwrap();
    gzipped.finish().unwrap();
    let options = ["--season", "7", "--horizon", "3", "-o", "json"];
    let found = json(&ran(&place, &[&["series.csv"][..], &options].concat()));
    assert_eq!(found, json(&ran(&place, &[&["series.csv.gz"][..], &options].concat())));
    let rows = found["rows"].as_array().unwrap();
    let shown = |at: usize| {
        let number = rows[at]["forecast"].as_f64().unwrap();
        format!("{} {} {number:.2}", rows[at]["seriesId"], rows[at]["time"])
    };
    assert_eq!(rows.len(), 6);
    assert_eq!(shown(0), r#""shop" "2026-02-12" 0.50"#);
    assert_eq!(shown(2), r#""shop" "2026-02-14" 20.50"#);
    assert_eq!(shown(3), r#""line" "142" 84.00"#);
    assert_eq!(found["meta"]["forecasts"][0]["missing"], 2);
    assert_eq!(found["meta"]["forecasts"][1]["slope"], 2.0);
    let linear = ["series.csv", "--season", "1", "--method", "linear", "--interval", "95"];
    let found = json(&ran(&place, &[&linear[..], &["-o", "json"]].concat()));
    let last = found["rows"].as_array().unwrap().last().unwrap();
    assert_eq!(last["time"], "155");
    assert!(last.get("lower80").is_none() && last["lower95"].is_number(), "{last}");
}

#[test]
fn methods_are_tested_from_several_origins() {
    let place = Place::new().file("series.csv", &series());
    let options = ["series.csv", "--season", "7", "--horizon", "7", "--backtest", "2"];
    let found = json(&ran(&place, &[&options[..], &["-o", "json"]].concat()));
    let rows = found["rows"].as_array().unwrap();
    assert_eq!(rows[0]["method"], "auto");
    let of = |method: &str| rows.iter().find(|r| r["method"] == method).expect(method);
    for row in rows {
        assert!(
            row["mase"].as_f64().unwrap() >= of("auto")["mase"].as_f64().unwrap() - 0.05,
            "{row}"
        );
    }
    // The weekly series never changes: only the line says anything. It rises by 14 a week.
    assert_eq!(of("auto")["forecasts"], 2);
    assert_eq!(of("seasonal-naive")["mase"], 1.0);
    assert!(of("linear")["mase"].as_f64().unwrap() < 1e-6);
    assert_eq!(found["meta"]["leftOut"], 2);
    let one = ran(&place, &[&options[..], &["--method", "ets", "--step", "3"]].concat());
    assert!(one.ok().contains("ets") && !one.ok().contains("linear"), "{one:?}");
}

#[test]
fn what_cannot_be_read_is_named() {
    for (text, part) in [
        ("", "there is no column series_id"),
        ("series_id,time,value\n", "there is no series"),
        ("series_id,time\na,1\n", "there is no column value"),
        ("series_id,time,value\na,1,x\n", "line 2: `x` is no number"),
        ("series_id,time,value\na,1,NaN\n", "line 2: `NaN` is no number"),
        ("series_id,time,value\na,1,inf\n", "line 2: `inf` is no number"),
        ("series_id,time,value\na,1,1\na,1,2\n", "`1` does not come after `1`"),
        ("series_id,time,value\na,monday,1\n", "its time `monday` is neither"),
        ("series_id,time,value\na,1,1\na,2,2\n", "cannot forecast series `a`: 2 values"),
    ] {
        let place = Place::new().file("series.csv", text);
        ran(&place, &["series.csv", "--season", "1"]).fails(1, &[part, "hint: "]);
    }
    let place = Place::new();
    ran(&place, &["nowhere.csv", "--season", "7"]).fails(1, &["could not read nowhere.csv"]);
    ran(&place, &["series.csv"]).fails(2, &["--season"]);
    ran(&place, &["s.csv", "--season", "7", "--step", "3"]).fails(2, &["--backtest"]);
}

#[test]
fn a_history_has_one_beginning() {
    let arguments =
        ["analytics", "revenue", "forecast", "--history", "90", "--since", "2026-01-01"];
    Place::new().run(&arguments).fails(2, &["--history and --since both say"]);
}
