//! Charts as SVG text.

use plotters::backend::SVGBackend;
use plotters::drawing::IntoDrawingArea;

use super::{ChartSpec, Resolution, draw};
use crate::error::{Error, Result};

/// Units in a pixel: coordinates are whole numbers.
const UNITS: u32 = 10;

/// An SVG document that shows `spec` at `width` x `height` CSS pixels; `notes` go into its description: what made the numbers.
///
/// # Errors
/// As [`draw`]; a size above 10,000.
pub fn to_svg(spec: &ChartSpec, width: u32, height: u32, notes: &[String]) -> Result<String> {
    if width.max(height) > 10_000 {
        return Err(Error::invalid(
            "size of the chart",
            format!("{width} x {height} pixels"),
            "at most 10000 each way",
        ));
    }
    let mut text = String::new();
    let units = f64::from(UNITS);
    let backend = SVGBackend::with_string(&mut text, (UNITS * width, UNITS * height));
    draw(&backend.into_drawing_area(), spec, Resolution { css_pixel: units, device_pixel: units })?;
    // The back end writes its units as the size; the view box keeps them.
    let (wide, high) = (format!("width=\"{}\"", UNITS * width), format!("height=\"{}\"", UNITS * height));
    let sized = text.replacen(&wide, &format!("width=\"{width}\""), 1);
    let sized = sized.replacen(&high, &format!("height=\"{height}\""), 1);
    Ok(described(sized, notes))
}

/// The document with its description as the first thing in it.
fn described(svg: String, notes: &[String]) -> String {
    let Some((head, body)) = svg.split_once('>').filter(|_| !notes.is_empty()) else { return svg };
    // No control character may stand in such a file.
    let plain: String = notes.join("\n").chars().map(|c| if c.is_control() && c != '\n' { ' ' } else { c }).collect();
    let text = plain.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    format!("{head}>\n<desc>{text}</desc>{body}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::{Axis, Series, Style, Theme};

    fn axis(label: &str, unit: &str) -> Axis {
        Axis { label: label.to_owned(), unit: unit.to_owned(), range: None, log: false }
    }

    fn series(name: &str, points: &[(f64, f64)], style: Style) -> Series {
        let (x, y) = points.iter().copied().unzip();
        Series { name: name.to_owned(), x, y, error: None, style, colour: None }
    }

    fn chart(series: Vec<Series>) -> ChartSpec {
        let (x, y) = (axis("r", "Å"), axis("g(r)", ""));
        ChartSpec { title: "Radial distribution".to_owned(), x, y, series, theme: Theme::Light, transparent: false }
    }

    /// Bounding boxes of the horizontal texts, in units, by the width table.
    fn labels(svg: &str) -> Vec<(String, [f64; 4])> {
        let number = |element: &str, name: &str| -> f64 {
            let start = element.find(&format!(" {name}=\"")).unwrap() + name.len() + 3;
            element[start..].split('"').next().unwrap().parse().unwrap()
        };
        let elements = svg.split("<text").skip(1).filter(|element| !element.contains("rotate"));
        elements
            .map(|element| {
                let text = element.split_once('>').unwrap().1.split('<').next().unwrap().trim().to_owned();
                let size = number(element, "font-size") * 1.24;
                let (wide, x, y) = (crate::chart::text::width(&text, size), number(element, "x"), number(element, "y"));
                let left = match element {
                    e if e.contains("text-anchor=\"middle\"") => x - 0.5 * wide,
                    e if e.contains("text-anchor=\"end\"") => x - wide,
                    _ => x,
                };
                (text, [left, y - 0.5 * size, left + wide, y + 0.5 * size])
            })
            .collect()
    }

    #[test]
    fn axes_carry_units_and_curves_colours() {
        let mut spec = chart(vec![
            series("Ca–Cl", &[(0.0, 0.0), (2.7, 4.0), (10.0, 1.0)], Style::Line),
            series("K–Cl", &[(0.0, 0.0), (3.1, 3.0), (10.0, 1.0)], Style::LinePoints),
        ]);
        spec.series[0].error = Some(vec![None, Some(0.2), Some(0.1)]);
        spec.series[1].error = Some(vec![Some(0.1), Some(0.2), Some(f64::NAN)]);
        let svg = to_svg(&spec, 480, 320, &[]).unwrap();
        for expected in
            ["Radial distribution", "r (Å)", "g(r)", "Ca–Cl", "K–Cl", "<polygon", "<circle", "width=\"480\""]
        {
            assert!(svg.contains(expected), "{expected}");
        }
        spec.theme = Theme::Dark;
        assert_ne!(to_svg(&spec, 480, 320, &[]).unwrap(), svg);
        spec.transparent = true;
        let background = |svg: &str| svg.contains("width=\"4800\" height=\"3200\" opacity=\"1\"");
        assert!(background(&svg) || svg.contains("#FFFFFF"));
        assert!(!to_svg(&spec, 480, 320, &[]).unwrap().contains("#161D25"));
    }

    #[test]
    fn what_made_the_numbers_is_told() {
        let spec = chart(vec![series("Ca–Cl", &[(0.0, 0.0), (2.7, 4.0)], Style::Line)]);
        let notes = ["fit window: 2 to 8 ps".to_owned(), "a < b & c".to_owned()];
        let svg = to_svg(&spec, 480, 320, &notes).unwrap();
        assert!(svg.starts_with("<svg ") && svg.contains("<desc>fit window: 2 to 8 ps\na &lt; b &amp; c</desc>"));
        let document = roxmltree::Document::parse(&svg).unwrap();
        assert_eq!(document.root_element().first_element_child().unwrap().text(), Some(notes.join("\n").as_str()));
    }

    #[test]
    fn a_series_may_share_the_colour_of_another() {
        let points = || series("measured", &[(2.7, 4.0), (10.0, 1.0)], Style::Points);
        let dot = |spec: &ChartSpec| {
            to_svg(spec, 480, 320, &[])
                .unwrap()
                .split("<circle")
                .nth(1)
                .unwrap()
                .split('>')
                .next()
                .unwrap()
                .split("fill=")
                .nth(1)
                .unwrap()
                .to_owned()
        };
        let mut spec = chart(vec![series("Ca–Cl", &[(0.0, 0.0), (10.0, 1.0)], Style::Line), points()]);
        let own = dot(&spec);
        spec.series[1].colour = Some(0);
        assert_ne!(dot(&spec), own);
        assert_eq!(dot(&spec), dot(&chart(vec![points()])));
    }

    #[test]
    fn labels_never_touch() {
        let wide = [(0.0, -1234.5678), (123.4, -1234.5601)];
        let big = [(0.0, 1.2e7), (3e6, 2.3e7)];
        let small = [(1e-7, 2e-5), (3e-5, 9e-5)];
        for (points, log) in [(&wide, false), (&big, false), (&small, false), (&small, true), (&big, true)] {
            for width in [320, 360, 480, 700, 1200] {
                let mut spec = chart(vec![series("A", points, Style::Line), series("B", points, Style::Points)]);
                spec.x.log = log;
                let svg = to_svg(&spec, width, 260, &[]).unwrap();
                let found = labels(&svg);
                assert!(found.len() > 7, "{found:?}");
                for (k, (one, a)) in found.iter().enumerate() {
                    assert!(a[0] >= 0.0 && a[2] <= 10.0 * f64::from(width), "{one} leaves {width}: {a:?}");
                    for (other, b) in &found[k + 1..] {
                        let touch = a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];
                        assert!(!touch, "{one} {a:?} on {other} {b:?} at {width}");
                    }
                }
            }
        }
    }

    #[test]
    fn degenerate_data_are_drawn() {
        let nan = f64::NAN;
        let cases: Vec<Vec<(f64, f64)>> = vec![
            vec![],
            vec![(1.0, 2.0)],
            vec![(nan, nan)],
            vec![(0.0, nan), (1.0, 1.0), (2.0, nan)],
            vec![(1.0, 1.0); 5],
            vec![(0.0, 0.0), (1.0, 0.0)],
            vec![(-1.0, -1.0), (0.0, 0.0)],
            vec![(f64::MIN, f64::MAX), (f64::MAX, f64::MIN)],
            vec![(1e-320, 1e-320), (2e-320, 1e-310)],
            vec![(f64::INFINITY, 1.0), (1.0, f64::NEG_INFINITY)],
            vec![(0.0, 1e300), (1.0, 1.0)],
        ];
        for points in cases {
            for log in [false, true] {
                for style in [Style::Line, Style::Points, Style::LinePoints] {
                    let mut spec = chart(vec![series("x", &points, style)]);
                    spec.series[0].error = Some(points.iter().map(|&(x, y)| Some(x * y)).collect());
                    (spec.x.log, spec.y.log) = (log, log);
                    let svg = to_svg(&spec, 200, 150, &[]).unwrap();
                    assert!(!svg.contains("NaN"), "{points:?}");
                }
            }
        }
        assert!(to_svg(&chart(vec![]), 400, 300, &[]).unwrap().contains("No data yet"));
    }

    #[test]
    fn senseless_charts_are_refused() {
        let mut spec = chart(vec![series("a", &[(0.0, 1.0)], Style::Line)]);
        assert!(to_svg(&spec, 0, 0, &[]).unwrap_err().to_string().contains("160 x 120"));
        assert!(to_svg(&spec, 100_000, 300, &[]).is_err());
        spec.x.range = Some([3.0, 3.0]);
        assert!(to_svg(&spec, 400, 300, &[]).is_err());
        spec.x.range = None;
        spec.series[0].y.push(3.0);
        assert!(to_svg(&spec, 400, 300, &[]).unwrap_err().to_string().contains("1 x, 2 y"));
        spec.series = vec![series("a", &[], Style::Line); 41];
        assert!(to_svg(&spec, 400, 300, &[]).is_err());
    }
}
