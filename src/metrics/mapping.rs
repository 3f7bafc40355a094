//! Which columns of a CSV file hold which fields.

use std::borrow::Cow;

use rust_decimal::Decimal;

use crate::domain::{Money, Reason, Reject};
use crate::metrics::condition::Condition;
use crate::metrics::csv::split;
use crate::metrics::draft::Draft;
use crate::metrics::kind::{Form, Given, Kind};
use crate::metrics::wishes::{Fault, Wishes};

/// Which column of a CSV file holds which field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    kind: Kind,
    header: Vec<String>,
    delimiter: u8,
    /// For each column of the file the position of the field it holds, in [`Kind::columns`].
    fields: Vec<Option<usize>>,
    /// Fields that are made of columns otherwise.
    made: Vec<(usize, Made)>,
    /// Fields that are the same in each row.
    constants: Vec<(usize, String)>,
    /// Which lines are wanted: the column and what must hold of it.
    conditions: Vec<(usize, Condition)>,
    /// What the constants and conditions are, for the ledger.
    wishes: String,
}

/// What a field is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Made {
    /// A column that holds another field as well.
    Copy(usize),
    /// The product of columns.
    Product(Vec<usize>),
}

impl Mapping {
    /// Reads a header row: camelCase or `snake_case` names in any order; what is wished goes before.
    ///
    /// # Errors
    /// [`Fault::Column`] and [`Fault::Header`].
    pub fn from_header(
        kind: Kind,
        line: &[u8],
        delimiter: u8,
        wishes: &Wishes,
    ) -> Result<Self, Fault> {
        let mut mapping = Self {
            kind,
            header: header(line, delimiter)?,
            delimiter,
            fields: Vec::new(),
            made: Vec::new(),
            constants: wishes.constants.clone(),
            conditions: Vec::new(),
            wishes: wishes.identity(),
        };
        mapping.fields = vec![None; mapping.header.len()];
        for (field, text) in &wishes.columns {
            mapping.wish(*field, text)?;
        }
        for condition in &wishes.conditions {
            let column = mapping.column_called(condition.column())?;
            mapping.conditions.push((column, condition.clone()));
        }
        mapping.take_names()?;
        mapping.check_needed()?;
        Ok(mapping)
    }

    /// The column with this name.
    fn column_called(&self, name: &str) -> Result<usize, Fault> {
        let mut found = self.header.iter().enumerate().filter(|(_, h)| *h == name);
        match (found.next(), found.next()) {
            (Some((at, _)), None) => Ok(at),
            (Some(_), Some(_)) => Err(Fault::Header(format!("the header names {name} twice"))),
            _ => Err(Fault::Column(name.to_owned(), self.header.clone())),
        }
    }

    /// Gives a field a column, or the product of several.
    fn wish(&mut self, field: usize, text: &str) -> Result<(), Fault> {
        let column = &self.kind.columns()[field];
        if !text.contains('*') || self.header.iter().any(|h| h == text) {
            let at = self.column_called(text)?;
            match self.fields[at] {
                None => self.fields[at] = Some(field),
                Some(_) => self.made.push((field, Made::Copy(at))),
            }
            return Ok(());
        }
        if !matches!(column.form, Form::Money | Form::Count | Form::Real | Form::Score) {
            let why = format!("{} is no number and cannot be the product {text}", column.field);
            return Err(Fault::Header(why));
        }
        let factors = text.split('*').map(|name| self.column_called(name.trim()));
        let factors = factors.collect::<Result<Vec<usize>, Fault>>()?;
        self.made.push((field, Made::Product(factors)));
        Ok(())
    }

    /// Takes the columns that are called like a field nobody has wished otherwise.
    fn take_names(&mut self) -> Result<(), Fault> {
        let columns = self.kind.columns();
        let wished: Vec<usize> = self.given().collect();
        for at in 0..self.header.len() {
            let name = &self.header[at];
            let named = columns.iter().position(|c| c.given != Given::Never && c.is_called(name));
            let Some(field) = named.filter(|f| !wished.contains(f)) else { continue };
            if self.given().any(|f| f == field) {
                let why = format!("the header names {} twice", columns[field].field);
                return Err(Fault::Header(why));
            }
            match self.fields[at] {
                None => self.fields[at] = Some(field),
                Some(_) => self.made.push((field, Made::Copy(at))),
            }
        }
        Ok(())
    }

    /// The fields that a row gets.
    fn given(&self) -> impl Iterator<Item = usize> {
        let direct = self.fields.iter().flatten().copied();
        let made = self.made.iter().map(|(f, _)| *f);
        direct.chain(made).chain(self.constants.iter().map(|(f, _)| *f))
    }

    fn check_needed(&self) -> Result<(), Fault> {
        let needed = self.kind.columns().iter().enumerate();
        let missing: Vec<&str> = needed
            .filter(|(at, c)| c.given == Given::Always && !self.given().any(|f| f == *at))
            .map(|(_, column)| column.field)
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        let (missing, has) = (missing.join(", "), self.header.join(", "));
        Err(Fault::Header(format!("the header lacks {missing}; it has {has}")))
    }

    /// What the rows are.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// The columns that are read over.
    #[must_use]
    pub fn ignored(&self) -> Vec<&str> {
        let used = |at: &usize| {
            self.fields[*at].is_some()
                || self.conditions.iter().any(|(column, _)| column == at)
                || self.made.iter().any(|(_, made)| match made {
                    Made::Copy(column) => column == at,
                    Made::Product(factors) => factors.contains(at),
                })
        };
        let unused = (0..self.header.len()).filter(|at| !used(at));
        unused.map(|at| self.header[at].as_str()).collect()
    }

    /// The column of a field: its number from 1 and its name in the header; of a product the first
    /// one and all names.
    #[must_use]
    pub fn column(&self, field: &str) -> Option<(usize, Cow<'_, str>)> {
        let columns = self.kind.columns();
        let own = |f: &Option<usize>| f.is_some_and(|f| columns[f].field == field);
        if let Some(at) = self.fields.iter().position(own) {
            return Some((at + 1, self.header[at].as_str().into()));
        }
        let (_, made) = self.made.iter().find(|(f, _)| columns[*f].field == field)?;
        Some(match made {
            Made::Copy(at) => (at + 1, self.header[*at].as_str().into()),
            Made::Product(factors) => {
                let names: Vec<&str> = factors.iter().map(|f| self.header[*f].as_str()).collect();
                (factors.first()? + 1, names.join("*").into())
            }
        })
    }

    /// The value that a field has in each row.
    #[must_use]
    pub fn constant(&self, field: &str) -> Option<&str> {
        let at = self.kind.position(field)?;
        self.constants.iter().find(|(f, _)| *f == at).map(|(_, value)| value.as_str())
    }

    /// A text that two mappings share only if they read lines alike.
    #[must_use]
    pub fn identity(&self) -> String {
        let columns = self.kind.columns();
        let fields: Vec<&str> =
            self.fields.iter().map(|f| f.map_or("-", |f| columns[f].field)).collect();
        let mut text = format!("csv {} {}", self.delimiter, fields.join(" "));
        let mut made: Vec<String> = self
            .made
            .iter()
            .map(|(field, made)| match made {
                Made::Copy(at) => format!("{}={at}", columns[*field].field),
                Made::Product(factors) => {
                    let factors: Vec<String> = factors.iter().map(usize::to_string).collect();
                    format!("{}={}", columns[*field].field, factors.join("*"))
                }
            })
            .collect();
        made.sort_unstable();
        for part in made.iter().chain(Some(&self.wishes).filter(|w| !w.is_empty())) {
            text.push(' ');
            text.push_str(part);
        }
        text
    }

    /// Whether a condition leaves the line out.
    ///
    /// # Errors
    /// A line that cannot be split, or a value that cannot be compared.
    pub fn leaves_out(&self, line: &str) -> Result<bool, Reject> {
        if self.conditions.is_empty() {
            return Ok(false);
        }
        let values = self.values(line)?;
        // One that does not hold leaves the line out, whether or not another can be told.
        let mut fault = Ok(false);
        for (column, condition) in &self.conditions {
            match condition.holds(&values[*column]) {
                Ok(true) => {}
                Ok(false) => return Ok(true),
                Err(reject) => fault = fault.and(Err(reject)),
            }
        }
        fault
    }

    /// The text of the field `timestamp`, whatever else is in the line.
    pub(super) fn time<'a>(&self, line: &'a str) -> Option<Cow<'a, str>> {
        if let Some(constant) = self.constant("timestamp") {
            return Some(constant.to_owned().into());
        }
        let (number, _) = self.column("timestamp")?;
        let mut found = None;
        split(line, self.delimiter, |at, field| {
            if at + 1 == number {
                found = Some(field);
            }
        })
        .ok()?;
        found
    }

    /// Reads the fields of a line.
    ///
    /// # Errors
    /// A line that cannot be split into the header's columns, a product that is none.
    pub(super) fn draft<'a>(&self, line: &'a str) -> Result<Draft<'a>, Reject> {
        let mut draft = Draft::new(self.kind);
        if self.made.is_empty() {
            let mut count = 0;
            split(line, self.delimiter, |at, field| {
                count = at + 1;
                if let Some(Some(column)) = self.fields.get(at) {
                    draft.set(*column, field);
                }
            })?;
            self.check_count(count)?;
        } else {
            let values = self.values(line)?;
            for (field, made) in &self.made {
                match made {
                    Made::Copy(at) => draft.set(*field, values[*at].clone()),
                    Made::Product(factors) => {
                        let name = self.kind.columns()[*field].field;
                        let factors = factors.iter().map(|f| values[*f].trim());
                        if let Some(text) = product(name, factors)? {
                            draft.set(*field, text.into());
                        }
                    }
                }
            }
            for (field, value) in self.fields.iter().zip(values) {
                if let Some(field) = field {
                    draft.set(*field, value);
                }
            }
        }
        for (field, value) in &self.constants {
            draft.set(*field, value.clone().into());
        }
        Ok(draft)
    }

    /// The values of all columns.
    fn values<'a>(&self, line: &'a str) -> Result<Vec<Cow<'a, str>>, Reject> {
        let mut values = Vec::with_capacity(self.header.len());
        split(line, self.delimiter, |_, field| values.push(field))?;
        self.check_count(values.len())?;
        Ok(values)
    }

    fn check_count(&self, count: usize) -> Result<(), Reject> {
        if count == self.header.len() {
            return Ok(());
        }
        let detail = format!("{count} columns; the header has {}", self.header.len());
        Err(Reject::new(Reason::BrokenCsv, "", detail))
    }
}

fn header(line: &[u8], delimiter: u8) -> Result<Vec<String>, Fault> {
    let text = std::str::from_utf8(line)
        .map_err(|_| Fault::Header("the header is not UTF-8".to_owned()))?;
    let mut names = Vec::new();
    split(text, delimiter, |_, field| names.push(field.trim().to_owned())).map_err(|r| {
        Fault::Header(format!("the header cannot be split into columns: {}", r.detail))
    })?;
    Ok(names)
}

/// The exact product of numbers in decimal; none if one of them is empty.
fn product<'t>(
    field: &'static str,
    factors: impl Iterator<Item = &'t str>,
) -> Result<Option<String>, Reject> {
    let mut product = Decimal::ONE;
    for factor in factors {
        if factor.is_empty() {
            return Ok(None);
        }
        let number = match Decimal::from_str_exact(factor) {
            Ok(number) if !factor.contains('_') => number,
            // An exponent, or no number: Money says which.
            _ => factor.parse::<Money>().map_err(|r| Reject { field, ..r })?.decimal(),
        };
        let (one, other) = (product.normalize(), number.normalize());
        product = one
            .mantissa()
            .checked_mul(other.mantissa())
            .and_then(|m| Decimal::try_from_i128_with_scale(m, one.scale() + other.scale()).ok())
            .ok_or_else(|| {
                let detail = format!("{one} times {other} has too many digits");
                Reject::new(Reason::TooLarge, field, detail)
            })?;
    }
    Ok(Some(product.normalize().to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINES: &[u8] =
        b"InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country";

    fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
        list.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
    }

    fn mapped(map: &[(&str, &str)], set: &[(&str, &str)], only: &[&str]) -> Result<Mapping, Fault> {
        let only: Vec<_> = only.iter().map(|c| Condition::parse(c).unwrap()).collect();
        let wishes = Wishes::check(Kind::Revenue, &pairs(map), &pairs(set), &only)?;
        Mapping::from_header(Kind::Revenue, LINES, b',', &wishes)
    }

    const MAP: [(&str, &str); 4] = [
        ("timestamp", "InvoiceDate"),
        ("revenue", "Quantity*UnitPrice"),
        ("region", "Country"),
        ("category", "StockCode"),
    ];
    const SET: [(&str, &str); 3] = [("costs", "0"), ("ordersCount", "0"), ("currency", "GBP")];

    #[test]
    fn columns_products_and_constants_make_a_row() {
        let mapping = mapped(&MAP, &SET, &[]).unwrap();
        let line = "C5,22423,\"a, b\",-3,2010-12-01 08:26:00,4.95,,EIRE";
        let draft = mapping.draft(line).unwrap();
        let get = |field: &str| draft.get(Kind::Revenue.position(field).unwrap()).cloned();
        for (field, value) in [
            ("revenue", "-14.85"),
            ("costs", "0"),
            ("currency", "GBP"),
            ("region", "EIRE"),
            ("productCategory", "22423"),
            ("timestamp", "2010-12-01 08:26:00"),
        ] {
            assert_eq!(get(field).as_deref(), Some(value), "{field}");
        }
        assert_eq!(get("eventId"), None);
        assert_eq!(mapping.ignored(), ["InvoiceNo", "Description", "CustomerID"]);
        assert_eq!(mapping.column("revenue"), Some((4, "Quantity*UnitPrice".into())));
        assert_eq!(mapping.column("region"), Some((8, "Country".into())));
        assert_eq!(mapping.column("costs"), None);
    }

    #[test]
    fn a_column_may_hold_several_fields() {
        let map = [MAP[0], MAP[1], MAP[2], ("category", "Country")];
        let mapping = mapped(&map, &SET, &[]).unwrap();
        let draft = mapping.draft("1,2,3,4,5,6,7,EIRE").unwrap();
        for field in ["region", "productCategory"] {
            let at = Kind::Revenue.position(field).unwrap();
            assert_eq!(draft.get(at).map(AsRef::as_ref), Some("EIRE"), "{field}");
        }
    }

    #[test]
    fn mistakes_are_named() {
        let told =
            |map: &[_], set: &[_], only: &[&str]| mapped(map, set, only).unwrap_err().to_string();
        let mut map = MAP;
        map[1].1 = "Quantity*Price";
        assert!(told(&map, &SET, &[]).contains("no column `Price`; it has InvoiceNo,"));
        assert!(told(&MAP[1..], &SET, &[]).contains("lacks timestamp"));
        assert!(told(&MAP, &SET[1..], &[]).contains("lacks costs"));
        assert!(told(&MAP, &SET, &["quantity>0"]).contains("no column `quantity`"));
        map[1].1 = "Quantity*UnitPrice";
        map[2].1 = "Country*StockCode";
        assert!(told(&map, &SET, &[]).contains("region is no number"));
        let twice = Mapping::from_header(
            Kind::Revenue,
            b"a,a,revenue,costs,orders,time",
            b',',
            &Wishes::check(Kind::Revenue, &pairs(&[("region", "a")]), &[], &[]).unwrap(),
        );
        assert!(twice.unwrap_err().to_string().contains("names a twice"));
    }

    #[test]
    fn what_is_wished_goes_before_what_a_column_is_called() {
        let header = b"time,revenue,net,costs,orders,region";
        let wishes = Wishes::check(
            Kind::Revenue,
            &pairs(&[("revenue", "net")]),
            &pairs(&[("region", "")]),
            &[],
        );
        let mapping = Mapping::from_header(Kind::Revenue, header, b',', &wishes.unwrap()).unwrap();
        assert_eq!(mapping.ignored(), ["revenue", "region"]);
        let plain = Mapping::from_header(Kind::Revenue, header, b',', &Wishes::none(Kind::Revenue));
        assert_ne!(mapping.identity(), plain.unwrap().identity());
    }

    #[test]
    fn another_mapping_has_another_identity_and_an_equal_one_the_same() {
        let own = mapped(&MAP, &SET, &[]).unwrap().identity();
        let turned: Vec<_> = MAP.iter().rev().copied().collect();
        assert_eq!(own, mapped(&turned, &SET, &[]).unwrap().identity());
        let mut map = MAP;
        map[1].1 = "UnitPrice*UnitPrice";
        assert_ne!(own, mapped(&map, &SET, &[]).unwrap().identity());
        assert_ne!(own, mapped(&MAP, &SET, &["Quantity>0"]).unwrap().identity());
        let named = Mapping::from_header(
            Kind::Revenue,
            b"time,revenue,costs,orders",
            b',',
            &Wishes::none(Kind::Revenue),
        );
        // What ledgers know files by that need no mapping.
        assert_eq!(named.unwrap().identity(), "csv 44 timestamp revenue costs ordersCount");
    }

    #[test]
    fn lines_are_left_out_by_every_condition() {
        let only = ["InvoiceNo!=C*", "InvoiceNo!=A*", "Quantity>0", "UnitPrice>0"];
        let mapping = mapped(&MAP, &SET, &only).unwrap();
        for (line, out) in [
            ("5,2,,6,t,2.55,1,UK", false),
            ("C5,2,,6,t,2.55,1,UK", true),
            ("A5,2,,1,t,-11062.06,1,UK", true),
            ("5,2,,-6,t,2.55,1,UK", true),
            ("5,2,,6,t,0.0,1,UK", true),
        ] {
            assert_eq!(mapping.leaves_out(line), Ok(out), "{line}");
        }
        let reject = |line| mapping.leaves_out(line).unwrap_err().reason;
        assert_eq!(reject("5,2,,six,t,2.55,1,UK"), Reason::WrongType);
        assert_eq!(mapping.leaves_out("5,2,,six,t,0.0,1,UK"), Ok(true));
        assert_eq!(reject("5,2,,6,t,0.0,1"), Reason::BrokenCsv);
    }

    #[test]
    fn products_are_exact() {
        let of = |texts: &[&str]| product("revenue", texts.iter().copied());
        for (factors, value) in [
            (&["6", "2.55"][..], "15.3"),
            (&["-80995", "2.08"], "-168469.6"),
            (&["1e2", "0.001"], "0.1"),
            (&["0.12345678", "100000000"], "12345678"),
            (&["3", "0.1", "0.7"], "0.21"),
            (&["9007199254740993", "1"], "9007199254740993"),
        ] {
            assert_eq!(of(factors).unwrap().as_deref(), Some(value), "{factors:?}");
        }
        assert_eq!(of(&["", "2"]), Ok(None));
        for (factors, reason) in [
            (["NaN", "1"], Reason::NotANumber),
            (["six", "1"], Reason::BadAmount),
            (["1e400", "1"], Reason::TooLarge),
            (["9999999999999999999999999999", "9999999999999999999999999999"], Reason::TooLarge),
        ] {
            let reject = of(&factors).unwrap_err();
            assert_eq!((reject.reason, reject.field), (reason, "revenue"), "{factors:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn the_product_is_that_of_the_digits(a in -999_999_i64..999_999, b in -999_999_i64..999_999) {
            let text = |n: i64, scale| Decimal::from_i128_with_scale(n.into(), scale).to_string();
            let (one, other) = (text(a, 3), text(b, 4));
            let found = product("revenue", [one.as_str(), other.as_str()].into_iter()).unwrap();
            let wanted = Decimal::from_i128_with_scale(i128::from(a) * i128::from(b), 7);
            proptest::prop_assert_eq!(found.unwrap().parse::<Decimal>().unwrap(), wanted);
        }
    }
}
