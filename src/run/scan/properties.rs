//! What follows from how the properties of a run change with its temperature.
//!
//! | property | from |
//! |---|---|
//! | density, thermal conductivity | a line against T |
//! | thermal expansion | slope of ln V against T, at the middle of the range |
//! | Cp | slope of H against T |
//! | activation energies | Arrhenius' law of each diffusion coefficient, viscosity and conductivity |

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::analysis::temperature::{ArrheniusFit, LinearFit};
use crate::analysis::{Estimate, Property};
use crate::chart::{Axis, ChartSpec, Series, Style};
use crate::error::Error;

use crate::run::measured::Measured;
use crate::run::spec::Results;

/// Points along a fitted curve.
const CURVE: usize = 60;
/// Properties that change with temperature as a rate does.
const ACTIVATED: [&str; 3] = ["self-diffusion", "shear-viscosity", "ionic-conductivity"];
/// Scatter about a fit, in squares of the errors by degree of freedom, above which one of the two is doubtful.
const DOUBTFUL_SCATTER: f64 = 4.0;

/// A run's results at one temperature.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScanPoint {
    /// Temperature, K.
    pub temperature_k: f64,
    /// What the run measured.
    pub results: Results,
    /// What experiments say of the liquid at this temperature.
    pub measured: Vec<Measured>,
}

/// A property over the scan.
struct Column<'a> {
    first: &'a Property,
    kelvin: Vec<f64>,
    values: Vec<f64>,
    errors: Vec<Option<f64>>,
    unit: String,
    /// Temperatures of values that have warnings of their own, K.
    warned: Vec<f64>,
    /// Temperature and value, from experiment.
    measured: &'a [[f64; 2]],
}

/// A slope or an energy, its standard error, and the scatter of the points.
type Outcome<'a> = Result<(f64, f64, Option<f64>), &'a Error>;

/// What the scan shows as a whole; what it has too few points for has no value, but the reason in `pending`.
pub fn scan_properties(points: &[ScanPoint]) -> Vec<Property> {
    let from_column = |column: &Column| match column.first.id.as_str() {
        "density" => Some(column.line("density-slope", "Change of density with temperature", 1e4, "10⁻⁴ g/(cm³ K)")),
        "thermal-conductivity" => {
            let name = "Change of thermal conductivity with temperature";
            let route = format!("temperature scan, {}", column.first.route);
            let slope = column.line("thermal-conductivity-slope", name, 1e3, "10⁻³ W/(m K²)");
            // It has two routes, where what fluctuates with the volume has one mean.
            Some(Property { route, ..slope })
        }
        "molar-volume" => Some(column.expansion()),
        "enthalpy" => Some(column.line("heat-capacity-cp", "Heat capacity at constant pressure", 1e3, "J/(mol K)")),
        id if ACTIVATED.contains(&id) => Some(column.arrhenius()),
        _ => None,
    };
    let columns = columns(points);
    let mut properties: Vec<Property> = columns.iter().filter_map(from_column).collect();
    if !columns.iter().any(|column| column.first.id == "density") {
        let energies = properties.iter_mut().filter(|property| property.id == "activation-energy");
        energies.filter_map(|energy| energy.estimate.as_mut()).for_each(|estimate| {
            estimate
                .warnings
                .push("No stage was under pressure: each temperature has the volume it started with.".to_owned());
        });
    }
    properties
}

/// Every property that has a value at some temperature, in the order of the first point that has it.
fn columns(points: &[ScanPoint]) -> Vec<Column<'_>> {
    let mut columns: Vec<Column> = Vec::new();
    for point in points {
        for property in &point.results.properties {
            let Some(estimate) = &property.estimate else { continue };
            let same =
                |c: &Column| c.first.id == property.id && c.first.of == property.of && c.first.route == property.route;
            let k = columns.iter().position(same).unwrap_or_else(|| {
                let unit = estimate.unit.clone();
                let measured = measured_line(points, property, &unit);
                columns.push(Column {
                    first: property,
                    kelvin: vec![],
                    values: vec![],
                    errors: vec![],
                    unit,
                    warned: vec![],
                    measured,
                });
                columns.len() - 1
            });
            columns[k].kelvin.push(point.temperature_k);
            columns[k].values.push(estimate.value);
            columns[k].errors.push(estimate.standard_error);
            if !estimate.warnings.is_empty() {
                columns[k].warned.push(point.temperature_k);
            }
        }
    }
    columns
}

/// What experiments say of a property, over temperature; empty where that is nothing.
fn measured_line<'a>(points: &'a [ScanPoint], property: &Property, unit: &str) -> &'a [[f64; 2]] {
    let is_it = |m: &&Measured| m.id == property.id && m.of == property.of && m.unit == unit;
    let middle = points.iter().map(|point| point.temperature_k).sum::<f64>() / points.len().max(1) as f64;
    // Between measured compositions the line may differ from temperature to temperature.
    let known = points.iter().filter_map(|point| Some((point.temperature_k, point.measured.iter().find(is_it)?)));
    let nearest = known.min_by(|a, b| (a.0 - middle).abs().total_cmp(&(b.0 - middle).abs()));
    nearest.map_or(&[], |(_, known)| &known.line)
}

impl Column<'_> {
    /// The slope of a line.
    fn line(&self, id: &str, name: &str, scale: f64, unit: &str) -> Property {
        let fit = LinearFit::new(&self.kelvin, &self.values, &self.errors);
        let slope = |fit: &LinearFit| (scale * fit.slope, scale * fit.slope_variance.sqrt(), fit.reduced_chi_squared);
        let mut property = self.property(id, name, "temperature scan", unit, fit.as_ref().map(slope));
        if let Ok(fit) = &fit {
            let (intercept, error) = fit.at(0.0);
            let [[_, cross], _] = fit.covariance();
            let unit = &self.unit;
            property.settings.extend([
                ("law".to_owned(), format!("a + b T, T in K, in {unit}")),
                ("a".to_owned(), in_unit(&with_error(intercept, error), unit)),
                ("covariance of a and b".to_owned(), format!("{} ({unit})²/K", scientific(cross))),
            ]);
            property.charts.push(self.chart(|kelvin| fit.at(kelvin)));
        }
        property
    }

    /// The slope of the volume's logarithm.
    fn expansion(&self) -> Property {
        let logarithms: Vec<f64> = self.values.iter().map(|v| v.ln()).collect();
        let relative: Vec<Option<f64>> = self.errors.iter().zip(&self.values).map(|(e, v)| e.map(|e| e / v)).collect();
        let fit = LinearFit::new(&self.kelvin, &logarithms, &relative);
        let slope = |fit: &LinearFit| (1e4 * fit.slope, 1e4 * fit.slope_variance.sqrt(), fit.reduced_chi_squared);
        let outcome = fit.as_ref().map(slope);
        let mut property =
            self.property("thermal-expansion", "Thermal expansion", "temperature scan", "10⁻⁴ K⁻¹", outcome);
        if let Ok(fit) = &fit {
            let (intercept, error) = fit.at(0.0);
            let [[_, cross], _] = fit.covariance();
            property.settings.extend([
                ("law".to_owned(), format!("ln V = a + b T, T in K, V in {}", self.unit)),
                ("a".to_owned(), with_error(intercept, error)),
                ("covariance of a and b".to_owned(), format!("{} 1/K", scientific(cross))),
            ]);
            property.charts.push(self.chart(|kelvin| {
                let (ln, error) = fit.at(kelvin);
                (ln.exp(), ln.exp() * error)
            }));
        }
        property
    }

    fn arrhenius(&self) -> Property {
        let fit = ArrheniusFit::new(&self.kelvin, &self.values, &self.errors);
        // A viscosity's law is exp(+E/(R T)).
        let sign = if self.first.id == "shear-viscosity" { -1.0 } else { 1.0 };
        let energy = |fit: &ArrheniusFit| {
            let (energy, error) = fit.activation_energy();
            (sign * energy, error, fit.line.reduced_chi_squared)
        };
        let name = format!("Activation energy of {}", lower_first(&self.first.name));
        let route = format!("Arrhenius, {}", self.first.route);
        let mut property = self.property("activation-energy", &name, &route, "kJ/mol", fit.as_ref().map(energy));
        property.of = [self.first.id.as_str(), self.first.of.as_str()].join(" ").trim().to_owned();
        if let Ok(fit) = &fit {
            let (factor, error) = fit.prefactor();
            let [[ln, cross], [_, energy]] = fit.covariance();
            let correlation = cross / (ln * energy).sqrt();
            let exponent = if sign < 0.0 { "E/(R T)" } else { "−E/(R T)" };
            property.settings.extend([
                ("law".to_owned(), format!("A exp({exponent}), R = 8.31446 J/(mol K)")),
                ("A".to_owned(), in_unit(&with_error(factor, error), &self.unit)),
                ("correlation of ln A and E".to_owned(), format!("{:.4}", sign * correlation).replace('-', "−")),
            ]);
            property.charts.push(self.chart_of_arrhenius(fit));
        }
        property
    }

    fn property(&self, id: &str, name: &str, route: &str, unit: &str, outcome: Outcome) -> Property {
        let (low, high) = self.range();
        let settings =
            BTreeMap::from([("temperatures".to_owned(), format!("{}, {low} to {high} K", self.kelvin.len()))]);
        let estimate = outcome.as_ref().ok().map(|(value, error, chi)| Estimate {
            value: *value,
            standard_error: Some(*error),
            unit: unit.to_owned(),
            independent_samples: self.kelvin.len() as f64,
            warnings: self.warnings(*chi),
        });
        Property {
            id: id.to_owned(),
            of: self.first.of.clone(),
            name: name.to_owned(),
            route: route.to_owned(),
            pending: outcome.err().map(|error| format!("No fit: {error}.")),
            estimate,
            charts: Vec::new(),
            settings,
        }
    }

    fn warnings(&self, scatter: Option<f64>) -> Vec<String> {
        let mut warnings = Vec::new();
        if let Some(chi) = scatter.filter(|chi| *chi > DOUBTFUL_SCATTER) {
            warnings.push(format!(
                "The points scatter about the fit more than their errors allow (χ² per degree of freedom {chi:.1})."
            ));
        }
        if self.errors.iter().any(Option::is_none) {
            warnings.push("A point without an error bar: the error is that of the scatter.".to_owned());
        }
        if !self.warned.is_empty() {
            let at: Vec<String> = self.warned.iter().map(f64::to_string).collect();
            warnings.push(format!("Values that went into it have warnings of their own, at {} K.", at.join(", ")));
        }
        warnings
    }

    /// Lowest and highest temperature.
    fn range(&self) -> (f64, f64) {
        self.kelvin.iter().fold((f64::INFINITY, 0.0_f64), |(l, h), &t| (l.min(t), h.max(t)))
    }

    /// The property over temperature, with the fit's value and error at each.
    fn chart(&self, fit: impl Fn(f64) -> (f64, f64)) -> ChartSpec {
        let temperature = Axis { label: "temperature".to_owned(), unit: "K".to_owned(), range: None, log: false };
        self.drawn(temperature, false, |kelvin| kelvin, fit)
    }

    /// The logarithm of the property over 1000 K/T, where Arrhenius' law is a line.
    fn chart_of_arrhenius(&self, fit: &ArrheniusFit) -> ChartSpec {
        let inverse = Axis { label: "1000 K / T".to_owned(), unit: String::new(), range: None, log: false };
        self.drawn(inverse, true, |kelvin| 1e3 / kelvin, |kelvin| fit.at(kelvin))
    }

    fn drawn(&self, x: Axis, log: bool, across: impl Fn(f64) -> f64, fit: impl Fn(f64) -> (f64, f64)) -> ChartSpec {
        let (low, high) = self.range();
        let fitted: Vec<f64> = (0..=CURVE).map(|k| low + (high - low) * k as f64 / CURVE as f64).collect();
        let (values, band): (Vec<f64>, Vec<Option<f64>>) =
            fitted.iter().map(|t| fit(*t)).map(|(v, e)| (v, Some(e))).unzip();
        let series =
            |name: &str, kelvin: Vec<f64>, y: Vec<f64>, error: Option<Vec<Option<f64>>>, style: Style| Series {
                name: name.to_owned(),
                x: kelvin.into_iter().map(&across).collect(),
                y,
                error,
                style,
                colour: None,
            };
        let mut all = vec![
            series("fit", fitted, values, Some(band), Style::Line),
            series("runs", self.kelvin.clone(), self.values.clone(), Some(self.errors.clone()), Style::Points),
        ];
        all[1].colour = Some(0);
        if !self.measured.is_empty() {
            let (kelvin, value) = self.measured.iter().map(|[kelvin, value]| (*kelvin, *value)).unzip();
            all.push(series("experiment", kelvin, value, None, Style::Line));
        }
        ChartSpec {
            title: self.first.name.clone(),
            x,
            y: Axis { label: self.first.name.clone(), unit: self.unit.clone(), range: None, log },
            series: all,
            theme: Default::default(),
            transparent: false,
        }
    }
}

/// A value and its error, with two digits of the error.
fn with_error(value: f64, error: f64) -> String {
    let decimals = (1.0 - error.abs().log10().floor()).clamp(0.0, 12.0) as usize;
    format!("{value:.decimals$} ± {error:.decimals$}").replace('-', "−")
}

/// A value with its unit, which may begin with a power of ten.
fn in_unit(value: &str, unit: &str) -> String {
    if unit.starts_with("10") { format!("({value}) × {unit}") } else { format!("{value} {unit}") }
}

/// A number of any size, with three digits: "−7.67 × 10^−6".
fn scientific(value: f64) -> String {
    let text = format!("{value:.2e}").replace('-', "−");
    text.split_once('e').map_or(text.clone(), |(digits, power)| format!("{digits} × 10^{power}"))
}

fn lower_first(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}
