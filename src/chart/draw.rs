//! Layout and drawing of a chart.
//!
//! All lengths here are CSS pixels until [`Canvas`] turns them into the surface's units.

use plotters::backend::DrawingBackend;
use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters::element::{Circle, PathElement, Polygon, Rectangle};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontDesc, FontFamily, FontStyle, FontTransform, RGBAColor, RGBColor, ShapeStyle};

use super::curve::{dashes, visible_runs};
use super::scale::{Scale, Tick};
use super::text::{power_of_ten, shortened, width};
use super::theme::Palette;
use super::{Axis, ChartSpec, Series};
use crate::error::{Error, Result};

/// Smallest surface that a chart fits on, CSS pixels.
const SMALLEST: (f64, f64) = (160.0, 120.0);
const MARGIN: f64 = 10.0;
const TITLE_SIZE: f64 = 14.0;
const LABEL_SIZE: f64 = 13.0;
const TICK_SIZE: f64 = 12.0;
/// Height of a line of text over its font size.
const LEADING: f64 = 1.45;
const TICK_LENGTH: f64 = 5.0;
const SWATCH: f64 = 20.0;
const LINE_WIDTH: f64 = 1.8;
const POINT_RADIUS: f64 = 2.6;
const BAND_OPACITY: f64 = 0.22;

/// What a unit of the surface is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Resolution {
    /// Units of the surface in a CSS pixel.
    pub css_pixel: f64,
    /// Units of the surface in a pixel of the device; lines of the frame are put on whole ones.
    pub device_pixel: f64,
}

/// A rectangle in CSS pixels.
#[derive(Debug, Clone, Copy)]
struct Frame {
    left: f64,
    top: f64,
    right: f64,
    bottom: f64,
}

impl Frame {
    fn width(&self) -> f64 {
        self.right - self.left
    }

    fn height(&self) -> f64 {
        self.bottom - self.top
    }
}

/// Draws `spec` over the whole of `area`.
///
/// # Errors
/// A specification that makes no sense, a surface below 160 x 120 CSS pixels, or one that refuses to be drawn on.
pub fn draw<DB: DrawingBackend>(area: &DrawingArea<DB, Shift>, spec: &ChartSpec, resolution: Resolution) -> Result<()> {
    spec.validate()?;
    let (units_wide, units_high) = area.dim_in_pixel();
    let size = (f64::from(units_wide) / resolution.css_pixel, f64::from(units_high) / resolution.css_pixel);
    if !(size.0 >= SMALLEST.0 && size.1 >= SMALLEST.1) {
        let found = format!("{:.0} x {:.0} pixels", size.0, size.1);
        return Err(Error::invalid("size of the chart", found, format!("at least {} x {}", SMALLEST.0, SMALLEST.1)));
    }
    let canvas = Canvas { area, resolution, palette: spec.theme.palette() };
    if !spec.transparent {
        canvas.fill((0.0, 0.0), size, canvas.palette.background.to_rgba())?;
    }
    let mut top = MARGIN;
    if !spec.title.is_empty() {
        let title = shortened(&spec.title, 1.08 * TITLE_SIZE, size.0 - 2.0 * MARGIN);
        let font = Font { size: TITLE_SIZE, style: FontStyle::Bold, colour: canvas.palette.text };
        canvas.text(&title, font, (MARGIN, top), HPos::Left, VPos::Top)?;
        top += TITLE_SIZE * LEADING + 2.0;
    }
    top = canvas.legend(&spec.series, top, size)?;
    let plot = Plot::new(spec, top, size);
    canvas.axes(spec, &plot)?;
    for (k, series) in spec.series.iter().enumerate() {
        canvas.series(series, series.colour.unwrap_or(k), &plot)?;
    }
    canvas.outline(&plot.frame)?;
    if spec.series.iter().all(|series| series.x.is_empty()) {
        let frame = &plot.frame;
        let middle = (0.5 * (frame.left + frame.right), 0.5 * (frame.top + frame.bottom));
        let font = Font { size: LABEL_SIZE, style: FontStyle::Normal, colour: canvas.palette.faint_text };
        canvas.text("No data yet", font, middle, HPos::Center, VPos::Center)?;
    }
    area.present().map_err(refused)
}

fn refused(reason: impl std::fmt::Display) -> Error {
    Error::Io { path: "drawing surface".to_owned(), reason: reason.to_string() }
}

/// Axes, their ticks, and the frame between them.
struct Plot {
    frame: Frame,
    x: Scale,
    y: Scale,
    x_ticks: Vec<Tick>,
    y_ticks: Vec<Tick>,
}

impl Plot {
    fn new(spec: &ChartSpec, top: f64, size: (f64, f64)) -> Self {
        let x = Scale::horizontal(spec);
        let y = Scale::vertical(spec, &x);
        let bottom = size.1 - MARGIN - LABEL_SIZE * LEADING - TICK_SIZE * LEADING - TICK_LENGTH;
        // Half a label may stand above the frame.
        let top = (top + 0.5 * TICK_SIZE).min(bottom - 20.0);
        let y_ticks = fitting_ticks(&y, bottom - top, |_| 2.2 * TICK_SIZE);
        let widest = y_ticks.iter().map(|tick| width(&tick.label, TICK_SIZE)).fold(0.0, f64::max).min(0.4 * size.0);
        let left = MARGIN + LABEL_SIZE * LEADING + widest + TICK_LENGTH + 4.0;
        let right = size.0 - MARGIN - 0.5 * width("0000", TICK_SIZE);
        let frame = Frame { left, top, right, bottom };
        let x_ticks = fitting_ticks(&x, frame.width(), |pair| {
            0.5 * (width(&pair[0].label, TICK_SIZE) + width(&pair[1].label, TICK_SIZE)) + 14.0
        });
        Self { frame, x, y, x_ticks, y_ticks }
    }

    fn place(&self, x: f64, y: f64) -> Option<(f64, f64)> {
        let (x, y) = (self.x.fraction(x)?, self.y.fraction(y)?);
        Some((self.frame.left + x * self.frame.width(), self.frame.bottom - y * self.frame.height()))
    }

    fn is_inside(&self, (x, y): (f64, f64)) -> bool {
        let Frame { left, top, right, bottom } = self.frame;
        (left - 0.5..=right + 0.5).contains(&x) && (top - 0.5..=bottom + 0.5).contains(&y)
    }

    fn corners(&self) -> [f64; 4] {
        [self.frame.left, self.frame.top, self.frame.right, self.frame.bottom]
    }
}

/// The most ticks that are as far apart along `room` as `needed` for the labels of two neighbours.
fn fitting_ticks(scale: &Scale, room: f64, needed: impl Fn(&[Tick]) -> f64) -> Vec<Tick> {
    let place = |tick: &Tick| scale.fraction(tick.value).unwrap_or(0.0) * room;
    let fits = |ticks: &[Tick]| ticks.windows(2).all(|pair| place(&pair[1]) - place(&pair[0]) >= needed(pair));
    (3..=10).rev().map(|most| scale.ticks(most)).find(|ticks| fits(ticks)).unwrap_or_else(|| scale.ticks(2))
}

/// Label and unit of an axis, with the power of ten that its numbers leave out.
fn axis_title(axis: &Axis, exponent: i32) -> String {
    let factor = if exponent == 0 { String::new() } else { power_of_ten(exponent) };
    let unit = [factor.as_str(), axis.unit.trim()].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>();
    if unit.is_empty() { axis.label.clone() } else { format!("{} ({})", axis.label, unit.join(" ")) }
}

#[derive(Clone, Copy)]
struct Font {
    size: f64,
    style: FontStyle,
    colour: RGBColor,
}

/// A drawing area that takes CSS pixels.
struct Canvas<'a, DB: DrawingBackend> {
    area: &'a DrawingArea<DB, Shift>,
    resolution: Resolution,
    palette: &'static Palette,
}

impl<DB: DrawingBackend> Canvas<'_, DB> {
    fn units(&self, (x, y): (f64, f64)) -> (i32, i32) {
        let round = |v: f64| (v * self.resolution.css_pixel).round() as i32;
        (round(x), round(y))
    }

    fn stroke(&self, colour: RGBAColor, css_width: f64) -> ShapeStyle {
        let units = (css_width * self.resolution.css_pixel).round().max(1.0) as u32;
        colour.stroke_width(units)
    }

    fn fill(&self, from: (f64, f64), to: (f64, f64), colour: RGBAColor) -> Result<()> {
        self.area.draw(&Rectangle::new([self.units(from), self.units(to)], colour.filled())).map_err(refused)
    }

    fn path(&self, points: &[(f64, f64)], style: ShapeStyle) -> Result<()> {
        let mut path: Vec<(i32, i32)> = points.iter().map(|&point| self.units(point)).collect();
        path.dedup();
        if path.len() < 2 {
            return Ok(());
        }
        self.area.draw(&PathElement::new(path, style)).map_err(refused)
    }

    /// A hair line, one CSS pixel wide and on whole device pixels.
    fn hair_line(&self, from: (f64, f64), to: (f64, f64), colour: RGBColor) -> Result<()> {
        let pixel = self.resolution.device_pixel;
        let wide = (self.resolution.css_pixel / pixel).round().max(1.0) * pixel;
        // The middle of the line: its edges are whole pixels.
        let snap = |v: f64| ((v * self.resolution.css_pixel - 0.5 * wide) / pixel).round() * pixel + 0.5 * wide;
        let (mut from, mut to) = ((from.0, from.1), (to.0, to.1));
        let back = 1.0 / self.resolution.css_pixel;
        if from.0 == to.0 {
            (from.0, to.0) = (snap(from.0) * back, snap(to.0) * back);
        } else {
            (from.1, to.1) = (snap(from.1) * back, snap(to.1) * back);
        }
        self.path(&[from, to], colour.stroke_width(wide.round() as u32))
    }

    fn text(&self, text: &str, font: Font, at: (f64, f64), h: HPos, v: VPos) -> Result<()> {
        self.turned_text(text, font, at, Pos::new(h, v), FontTransform::None)
    }

    fn turned_text(&self, text: &str, font: Font, at: (f64, f64), anchor: Pos, turn: FontTransform) -> Result<()> {
        let size = font.size * self.resolution.css_pixel;
        let style =
            FontDesc::new(FontFamily::SansSerif, size, font.style).transform(turn).color(&font.colour).pos(anchor);
        self.area.draw_text(text, &style, self.units(at)).map_err(refused)
    }

    /// Names of the series in as many lines as they need, where there are several; returns where it ends.
    fn legend(&self, series: &[Series], top: f64, size: (f64, f64)) -> Result<f64> {
        if series.len() < 2 {
            return Ok(top);
        }
        let line = TICK_SIZE * LEADING;
        let font = Font { size: TICK_SIZE, style: FontStyle::Normal, colour: self.palette.text };
        let (mut x, mut y) = (MARGIN, top);
        for (k, one) in series.iter().enumerate() {
            let name = shortened(&one.name, TICK_SIZE, size.0 - 2.0 * MARGIN - SWATCH - 6.0);
            let wide = SWATCH + 6.0 + width(&name, TICK_SIZE);
            if x > MARGIN && x + wide > size.0 - MARGIN {
                (x, y) = (MARGIN, y + line);
            }
            // A legend that would take half of the chart stops there.
            if y + line > 0.45 * size.1 {
                self.text("…", font, (x, y), HPos::Left, VPos::Top)?;
                break;
            }
            let middle = y + 0.5 * TICK_SIZE;
            let index = one.colour.unwrap_or(k);
            self.curve(one, index, &[(x, middle), (x + SWATCH, middle)])?;
            if one.style.has_points() {
                self.dot((x + 0.5 * SWATCH, middle), self.colour(index))?;
            }
            self.text(&name, font, (x + SWATCH + 6.0, y), HPos::Left, VPos::Top)?;
            x += wide + 16.0;
        }
        Ok(y + line + 2.0)
    }

    fn axes(&self, spec: &ChartSpec, plot: &Plot) -> Result<()> {
        let Frame { left, top, right, bottom } = plot.frame;
        let ticks = Font { size: TICK_SIZE, style: FontStyle::Normal, colour: self.palette.faint_text };
        for tick in &plot.x_ticks {
            let Some(fraction) = plot.x.fraction(tick.value) else { continue };
            let x = left + fraction * plot.frame.width();
            self.hair_line((x, top), (x, bottom), self.palette.grid)?;
            self.hair_line((x, bottom), (x, bottom + TICK_LENGTH), self.palette.frame)?;
            self.text(&tick.label, ticks, (x, bottom + TICK_LENGTH + 2.0), HPos::Center, VPos::Top)?;
        }
        for tick in &plot.y_ticks {
            let Some(fraction) = plot.y.fraction(tick.value) else { continue };
            let y = bottom - fraction * plot.frame.height();
            self.hair_line((left, y), (right, y), self.palette.grid)?;
            self.hair_line((left - TICK_LENGTH, y), (left, y), self.palette.frame)?;
            self.text(&tick.label, ticks, (left - TICK_LENGTH - 3.0, y), HPos::Right, VPos::Center)?;
        }
        let font = Font { size: LABEL_SIZE, style: FontStyle::Normal, colour: self.palette.text };
        let x_title = shortened(&axis_title(&spec.x, plot.x.exponent()), LABEL_SIZE, right - MARGIN);
        let at = (0.5 * (left + right), bottom + TICK_LENGTH + TICK_SIZE * LEADING + 2.0);
        self.text(&x_title, font, at, HPos::Center, VPos::Top)?;
        let y_title = shortened(&axis_title(&spec.y, plot.y.exponent()), LABEL_SIZE, bottom);
        let at = (MARGIN, (0.5 * (top + bottom)).max(0.5 * width(&y_title, LABEL_SIZE)));
        self.turned_text(&y_title, font, at, Pos::new(HPos::Center, VPos::Top), FontTransform::Rotate270)
    }

    fn outline(&self, frame: &Frame) -> Result<()> {
        self.hair_line((frame.left, frame.top), (frame.left, frame.bottom), self.palette.frame)?;
        self.hair_line((frame.left, frame.bottom), (frame.right, frame.bottom), self.palette.frame)
    }

    fn colour(&self, index: usize) -> RGBColor {
        self.palette.series[index % self.palette.series.len()]
    }

    /// A line in the series' colour, dashed once the colours are used up; nothing for a series of points.
    fn curve(&self, series: &Series, index: usize, points: &[(f64, f64)]) -> Result<()> {
        if !series.style.has_line() {
            return Ok(());
        }
        let style = self.stroke(self.colour(index).to_rgba(), LINE_WIDTH);
        match index / self.palette.series.len() {
            0 => self.path(points, style),
            round => {
                let (on, off) = if round == 1 { (7.0, 4.0) } else { (2.5, 3.0) };
                dashes(points, on, off).iter().try_for_each(|dash| self.path(dash, style))
            }
        }
    }

    fn dot(&self, at: (f64, f64), colour: RGBColor) -> Result<()> {
        let radius = (POINT_RADIUS * self.resolution.css_pixel).round().max(1.0) as u32;
        self.area.draw(&Circle::new(self.units(at), radius, colour.filled())).map_err(refused)
    }

    fn series(&self, series: &Series, index: usize, plot: &Plot) -> Result<()> {
        let colour = self.colour(index);
        if series.error.is_some() {
            if series.style.has_points() {
                self.error_bars(series, colour, plot)?;
            } else {
                self.error_band(series, colour, plot)?;
            }
        }
        let places: Vec<Option<(f64, f64)>> = series.x.iter().zip(&series.y).map(|(&x, &y)| plot.place(x, y)).collect();
        for run in visible_runs(&places, plot.corners()) {
            self.curve(series, index, &run)?;
        }
        // A line needs two points; one alone between gaps is shown as a dot.
        let alone = |k: usize| (k == 0 || places[k - 1].is_none()) && places.get(k + 1).is_none_or(Option::is_none);
        for (k, place) in places.iter().enumerate() {
            let shown = series.style.has_points() || alone(k);
            if let Some(at) = place.filter(|&at| shown && plot.is_inside(at)) {
                self.dot(at, colour)?;
            }
        }
        Ok(())
    }

    /// The places of a point's upper and lower end of error, kept within the frame.
    fn error_ends(&self, series: &Series, k: usize, plot: &Plot) -> Option<[(f64, f64); 2]> {
        let error = series.error.as_ref()?[k].filter(|error| error.is_finite() && *error >= 0.0)?;
        let (x, y) = (series.x[k], series.y[k]);
        let middle = plot.place(x, y)?;
        let Frame { left, top, right, bottom } = plot.frame;
        if !(left - 0.5..=right + 0.5).contains(&middle.0) {
            return None;
        }
        let within = |value: f64, otherwise: f64| plot.place(x, value).map_or(otherwise, |at| at.1).clamp(top, bottom);
        Some([(middle.0, within(y + error, top)), (middle.0, within(y - error, bottom))])
    }

    fn error_bars(&self, series: &Series, colour: RGBColor, plot: &Plot) -> Result<()> {
        let style = self.stroke(colour.to_rgba(), 1.2);
        for k in 0..series.x.len() {
            let Some([high, low]) = self.error_ends(series, k, plot) else { continue };
            self.path(&[high, low], style)?;
            for (x, y) in [high, low] {
                self.path(&[(x - 3.0, y), (x + 3.0, y)], style)?;
            }
        }
        Ok(())
    }

    fn error_band(&self, series: &Series, colour: RGBColor, plot: &Plot) -> Result<()> {
        let ends: Vec<_> = (0..series.x.len()).map(|k| self.error_ends(series, k, plot)).collect();
        for run in ends.split(Option::is_none).filter(|run| run.len() > 1) {
            let upper = run.iter().flatten().map(|[high, _]| self.units(*high));
            let lower = run.iter().rev().flatten().map(|[_, low]| self.units(*low));
            let outline: Vec<(i32, i32)> = upper.chain(lower).collect();
            self.area.draw(&Polygon::new(outline, colour.mix(BAND_OPACITY).filled())).map_err(refused)?;
        }
        Ok(())
    }
}
