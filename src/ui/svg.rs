//! A drawing as an SVG document.

use plotters::prelude::*;

use crate::ui::plot::Plot;

/// Width and height in pixels.
const SIZE: (u32, u32) = (960, 480);
/// Colours that stay apart for people who see fewer of them (Okabe and Ito, 2008).
const COLORS: [RGBColor; 7] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(86, 180, 233),
    RGBColor(230, 159, 0),
    RGBColor(0, 0, 0),
];

/// Draws lines over time, or bars.
///
/// # Errors
/// What the drawing library says.
pub fn draw(plot: &Plot) -> Result<String, String> {
    let mut text = String::new();
    {
        let area = SVGBackend::with_string(&mut text, SIZE).into_drawing_area();
        let drawn = if plot.times.is_empty() { bars(plot, &area) } else { lines(plot, &area) };
        drawn.map_err(|e| e.to_string())?;
        area.present().map_err(|e| e.to_string())?;
    }
    Ok(text)
}

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;
type Drawn<'a> = Result<(), DrawingAreaErrorKind<<SVGBackend<'a> as DrawingBackend>::ErrorType>>;

/// From the least to the most, zero among them, and never empty.
fn span(plot: &Plot) -> (f64, f64) {
    let known = || plot.series.iter().flat_map(super::plot::Series::known);
    let (least, most) = (known().fold(0.0, f64::min), known().fold(0.0, f64::max));
    if most > least { (least, most + (most - least) * 0.05) } else { (0.0, 1.0) }
}

#[expect(clippy::cast_precision_loss, reason = "a place on the axis")]
fn lines<'a>(plot: &Plot, area: &Area<'a>) -> Drawn<'a> {
    area.fill(&WHITE)?;
    let (least, most) = span(plot);
    let last = plot.times.len().saturating_sub(1).max(1) as f64;
    let mut chart = ChartBuilder::on(area)
        .caption(plot.title.as_str(), ("sans-serif", 18))
        .margin(12)
        .x_label_area_size(32)
        .y_label_area_size(84)
        .build_cartesian_2d(0.0..last, least..most)?;
    let name = |x: &f64| {
        let near = (x - x.round()).abs() < 1e-9;
        let time = plot.times.iter().enumerate().find(|(at, _)| near && *at as f64 == x.round());
        time.map_or_else(String::new, |(_, time)| time.clone())
    };
    let labels = plot.times.len().min(7);
    chart
        .configure_mesh()
        .x_labels(labels)
        .x_label_formatter(&name)
        .y_desc(plot.measure.as_str())
        .light_line_style(WHITE)
        .draw()?;
    for (at, series) in plot.series.iter().enumerate() {
        let style = COLORS[at % COLORS.len()].stroke_width(2);
        for (nth, piece) in pieces(&series.values).into_iter().enumerate() {
            let drawn = chart.draw_series(LineSeries::new(piece, style).point_size(2))?;
            if nth == 0 {
                let short = move |(x, y)| PathElement::new(vec![(x, y), (x + 16, y)], style);
                drawn.label(series.label.as_str()).legend(short);
            }
        }
    }
    if plot.series.iter().any(|s| !s.label.is_empty()) {
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperLeft)
            .background_style(WHITE.mix(0.8))
            .border_style(BLACK.mix(0.2))
            .draw()?;
    }
    Ok(())
}

/// The runs of known values: a time without one ends a line, and another begins behind it.
#[expect(clippy::cast_precision_loss, reason = "a place on the axis")]
fn pieces(values: &[Option<f64>]) -> Vec<Vec<(f64, f64)>> {
    let mut pieces: Vec<Vec<(f64, f64)>> = vec![Vec::new()];
    for (at, value) in values.iter().enumerate() {
        match (value, pieces.last_mut()) {
            (Some(value), Some(piece)) => piece.push((at as f64, *value)),
            _ => pieces.push(Vec::new()),
        }
    }
    pieces.retain(|piece| !piece.is_empty());
    pieces
}

#[expect(clippy::cast_precision_loss, reason = "a place on the axis")]
fn bars<'a>(plot: &Plot, area: &Area<'a>) -> Drawn<'a> {
    area.fill(&WHITE)?;
    let (least, most) = span(plot);
    let count = plot.series.len().max(1) as f64;
    let mut chart = ChartBuilder::on(area)
        .caption(plot.title.as_str(), ("sans-serif", 18))
        .margin(12)
        .x_label_area_size(44)
        .build_cartesian_2d(least..most, 0.0..count)?;
    chart.configure_mesh().disable_y_mesh().x_desc(plot.measure.as_str()).draw()?;
    for (at, series) in plot.series.iter().enumerate() {
        let middle = count - at as f64 - 0.5;
        let Some(value) = series.known().next() else { continue };
        let corners = [(0.0, middle - 0.35), (value, middle + 0.05)];
        chart.draw_series([Rectangle::new(corners, COLORS[0].filled())])?;
        let text = format!("{}  {}", series.label, super::plot::figure(value));
        chart.draw_series([Text::new(text, (0.0, middle + 0.4), ("sans-serif", 13))])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::plot::Series;

    fn plot(times: &[&str], series: &[(&str, &[Option<f64>])]) -> Plot {
        let series = series
            .iter()
            .map(|(label, values)| Series { label: (*label).to_owned(), values: values.to_vec() });
        Plot {
            title: "a < b & \"c\"".to_owned(),
            measure: "EUR".to_owned(),
            times: times.iter().map(|t| (*t).to_owned()).collect(),
            series: series.collect(),
            left_out: 0,
        }
    }

    #[test]
    fn texts_cannot_leave_their_elements() {
        let values = [Some(1.0), None, Some(3.0)];
        let drawn = draw(&plot(&["x", "y", "z"], &[("<script>", &values)])).unwrap();
        assert!(drawn.starts_with("<svg ") && drawn.ends_with("</svg>\n"), "{drawn}");
        assert!(!drawn.contains("<script") && drawn.contains("&lt;script&gt;"), "{drawn}");
        assert!(drawn.contains("a &lt; b &amp;"), "{drawn}");
        let bars = draw(&plot(&[], &[("<b>", &[Some(-2.0)]), ("", &[None])])).unwrap();
        assert!(bars.contains("&lt;b&gt;") && bars.matches("<rect").count() >= 2, "{bars}");
    }

    #[test]
    fn nothing_and_one_value_are_drawn_too() {
        for plot in
            [plot(&[], &[]), plot(&["x"], &[("a", &[Some(0.0)])]), plot(&["x"], &[("a", &[None])])]
        {
            assert!(draw(&plot).unwrap().contains("</svg>"));
        }
        assert_eq!(
            pieces(&[Some(1.0), None, Some(2.0), Some(3.0)]),
            [vec![(0.0, 1.0)], vec![(2.0, 2.0), (3.0, 3.0)]]
        );
    }
}
