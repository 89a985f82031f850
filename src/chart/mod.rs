//! Charts: one [`ChartSpec`], drawn by plotters on any back end, a canvas on the web and SVG natively.
//!
//! plotters supplies the surfaces and the drawing of lines, polygons and text. Layout, ticks and legend are done here, for
//! two reasons: labels must not overlap from 320 to 1200 pixels of width, and plotters measures text on the web through
//! elements with inline styles, which a strict content security policy forbids. Text is measured by a table of widths
//! instead (`text`).
//!
//! Back ends count in whole units. A surface therefore has several units to a device pixel ([`Resolution`]), so that curves
//! are smooth, and lines of the frame are put on whole pixels, so that they are sharp.

mod curve;
mod draw;
mod scale;
#[cfg(any(not(target_arch = "wasm32"), feature = "charts"))]
mod svg;
mod text;
mod theme;

use serde::{Deserialize, Serialize};

pub use draw::{Resolution, draw};
#[cfg(any(not(target_arch = "wasm32"), feature = "charts"))]
pub use svg::to_svg;

use crate::error::{Error, Result};

/// More series than this are refused: nobody could tell them apart.
const MAX_SERIES: usize = 40;
/// More points than this in all are refused.
const MAX_POINTS: usize = 2_000_000;

/// What to draw.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChartSpec {
    /// Heading; may be empty.
    #[serde(default)]
    pub title: String,
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
    /// The curves, first ones below later ones.
    pub series: Vec<Series>,
    /// Colours.
    #[serde(default)]
    pub theme: Theme,
    /// Leaves the background as it is, instead of filling it.
    #[serde(default)]
    pub transparent: bool,
}

/// One axis.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Axis {
    /// What is shown along it.
    pub label: String,
    /// Its unit; empty for a pure number.
    #[serde(default)]
    pub unit: String,
    /// Lowest and highest value; `None`: what the data need.
    #[serde(default)]
    pub range: Option<[f64; 2]>,
    /// Logarithmic; values that are not positive are then left out.
    #[serde(default)]
    pub log: bool,
}

/// One curve. Points that are not finite interrupt it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Series {
    /// Its name in the legend.
    pub name: String,
    /// Abscissae, in the unit of the axis.
    pub x: Vec<f64>,
    /// Ordinates, as many.
    pub y: Vec<f64>,
    /// Standard errors of the ordinates, as many, where they are known: a band around a line, bars at points.
    #[serde(default)]
    pub error: Option<Vec<Option<f64>>>,
    /// How it is drawn.
    #[serde(default)]
    pub style: Style,
    /// Drawn in the colour of the series of this index, where the two belong together.
    #[serde(default)]
    pub colour: Option<usize>,
}

/// How a series is drawn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Style {
    /// A line through the points.
    #[default]
    Line,
    /// Points alone.
    Points,
    /// A line with its points.
    LinePoints,
}

/// Colours for a light or a dark page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Theme {
    /// Dark on light.
    #[default]
    Light,
    /// Light on dark.
    Dark,
}

impl Style {
    fn has_line(self) -> bool {
        self != Self::Points
    }

    fn has_points(self) -> bool {
        self != Self::Line
    }
}

impl ChartSpec {
    /// # Errors
    /// Columns of different lengths, a range that is none, too many series or points.
    pub fn validate(&self) -> Result<()> {
        if self.series.len() > MAX_SERIES {
            return Err(Error::invalid(
                "chart",
                format!("{} series", self.series.len()),
                format!("at most {MAX_SERIES}"),
            ));
        }
        let points: usize = self.series.iter().map(|series| series.x.len()).sum();
        if points > MAX_POINTS {
            return Err(Error::invalid("chart", format!("{points} points"), format!("at most {MAX_POINTS}")));
        }
        for series in &self.series {
            let errors = series.error.as_ref().map_or(series.x.len(), Vec::len);
            if series.y.len() != series.x.len() || errors != series.x.len() {
                let found = format!("{} x, {} y and {errors} error values", series.x.len(), series.y.len());
                return Err(Error::invalid(format!("chart series \"{}\"", series.name), found, "as many of each"));
            }
        }
        for (name, axis) in [("x", &self.x), ("y", &self.y)] {
            let Some([low, high]) = axis.range else { continue };
            let ordered = high - low > scale::SMALLEST && (high - low).is_finite();
            if !ordered || (axis.log && low <= 0.0) {
                let expected = if axis.log { "two ascending positive numbers" } else { "two ascending numbers" };
                return Err(Error::invalid(format!("range of the {name} axis"), format!("[{low}, {high}]"), expected));
            }
        }
        Ok(())
    }
}
