//! The same run at several temperatures: what follows from how its properties change.
//!
//! | property | from |
//! |---|---|
//! | density | a line against T |
//! | thermal expansion | slope of ln V against T, at the middle of the range |
//! | Cp | slope of H against T |
//! | activation energies | Arrhenius' law of each diffusion coefficient, viscosity and conductivity |

use std::collections::BTreeMap;

use serde::Serialize;

use crate::analysis::temperature::{ArrheniusFit, LinearFit};
use crate::analysis::{Estimate, Property};
use crate::chart::{Axis, ChartSpec, Series, Style};
use crate::error::Error;

use super::spec::Results;

/// Points along a fitted curve.
const CURVE: usize = 60;
/// Properties that change with temperature as a rate does.
const ACTIVATED: [&str; 3] = ["self-diffusion", "shear-viscosity", "ionic-conductivity"];

/// A run's results at one temperature.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ScanPoint {
    /// Temperature, K.
    pub temperature_k: f64,
    /// What the run measured.
    pub results: Results,
}

/// A property over the scan.
struct Column<'a> {
    first: &'a Property,
    kelvin: Vec<f64>,
    values: Vec<f64>,
    errors: Vec<Option<f64>>,
    unit: String,
}

/// What the scan shows as a whole; what it has too few points for is left out, with the reason in `pending`.
pub fn scan_properties(points: &[ScanPoint]) -> Vec<Property> {
    let mut properties = Vec::new();
    for column in columns(points) {
        match (column.first.id.as_str(), column.first.route.as_str()) {
            ("density", _) => properties.push(column.line(
                "density-slope",
                "Change of density with temperature",
                1e4,
                "10⁻⁴ g/(cm³ K)",
            )),
            ("molar-volume", _) => properties.push(column.expansion()),
            ("enthalpy", _) => {
                properties.push(column.line("heat-capacity-cp", "Heat capacity at constant pressure", 1e3, "J/(mol K)"))
            }
            (id, _) if ACTIVATED.contains(&id) => properties.push(column.arrhenius()),
            _ => {}
        }
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
                columns.push(Column { first: property, kelvin: vec![], values: vec![], errors: vec![], unit });
                columns.len() - 1
            });
            columns[k].kelvin.push(point.temperature_k);
            columns[k].values.push(estimate.value);
            columns[k].errors.push(estimate.standard_error);
        }
    }
    columns
}

impl Column<'_> {
    /// The slope of a line.
    fn line(&self, id: &str, name: &str, scale: f64, unit: &str) -> Property {
        let fit = LinearFit::new(&self.kelvin, &self.values, &self.errors);
        let slope = |fit: &LinearFit| (scale * fit.slope, scale * fit.slope_variance.sqrt(), fit.reduced_chi_squared);
        self.property(id, name, "temperature scan", unit, fit.as_ref().map(slope), |t| {
            fit.as_ref().map_or((f64::NAN, 0.0), |fit| fit.at(t))
        })
    }

    /// The slope of the volume's logarithm.
    fn expansion(&self) -> Property {
        let logarithms: Vec<f64> = self.values.iter().map(|v| v.ln()).collect();
        let relative: Vec<Option<f64>> = self.errors.iter().zip(&self.values).map(|(e, v)| e.map(|e| e / v)).collect();
        let fit = LinearFit::new(&self.kelvin, &logarithms, &relative);
        let slope = |fit: &LinearFit| (1e4 * fit.slope, 1e4 * fit.slope_variance.sqrt(), fit.reduced_chi_squared);
        self.property(
            "thermal-expansion",
            "Thermal expansion",
            "temperature scan",
            "10⁻⁴ K⁻¹",
            fit.as_ref().map(slope),
            |t| {
                fit.as_ref().map_or((f64::NAN, 0.0), |fit| {
                    let (ln, error) = fit.at(t);
                    (ln.exp(), ln.exp() * error)
                })
            },
        )
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
        let mut property = self.property("activation-energy", &name, &route, "kJ/mol", fit.as_ref().map(energy), |t| {
            fit.as_ref().map_or((f64::NAN, 0.0), |fit| fit.at(t))
        });
        property.of = [self.first.id.as_str(), self.first.of.as_str()].join(" ").trim().to_owned();
        if let Ok(fit) = &fit {
            let (factor, error) = fit.prefactor();
            property.settings.insert("prefactor".to_owned(), format!("{factor:.4e} ± {error:.1e} {}", self.unit));
            let [[ln, cross], [_, energy]] = fit.covariance();
            let correlation = cross / (ln * energy).sqrt();
            property
                .settings
                .insert("correlation of ln(prefactor) and energy".to_owned(), format!("{:.4}", sign * correlation));
        }
        property
    }

    fn property(
        &self,
        id: &str,
        name: &str,
        route: &str,
        unit: &str,
        outcome: Result<(f64, f64, Option<f64>), &Error>,
        curve: impl Fn(f64) -> (f64, f64),
    ) -> Property {
        let (low, high) = self.kelvin.iter().fold((f64::INFINITY, 0.0_f64), |(l, h), &t| (l.min(t), h.max(t)));
        let settings =
            BTreeMap::from([("temperatures".to_owned(), format!("{}, {low} to {high} K", self.kelvin.len()))]);
        let estimate = outcome.as_ref().ok().map(|(value, error, chi)| {
            let mut warnings = Vec::new();
            if let Some(chi) = chi.filter(|chi| *chi > 4.0) {
                warnings.push(format!(
                    "The points scatter about the fit more than their errors allow (χ² per degree of freedom {chi:.1})."
                ));
            }
            if self.errors.iter().any(Option::is_none) {
                warnings.push("A point without an error bar: the error is that of the scatter.".to_owned());
            }
            Estimate {
                value: *value,
                standard_error: Some(*error),
                unit: unit.to_owned(),
                independent_samples: self.kelvin.len() as f64,
                warnings,
            }
        });
        let charts = if estimate.is_some() { vec![self.chart((low, high), curve)] } else { Vec::new() };
        Property {
            id: id.to_owned(),
            of: self.first.of.clone(),
            name: name.to_owned(),
            route: route.to_owned(),
            pending: outcome.err().map(|error| format!("No fit: {error}.")),
            estimate,
            charts,
            settings,
        }
    }

    fn chart(&self, (low, high): (f64, f64), curve: impl Fn(f64) -> (f64, f64)) -> ChartSpec {
        let x: Vec<f64> = (0..=CURVE).map(|k| low + (high - low) * k as f64 / CURVE as f64).collect();
        let (y, band): (Vec<f64>, Vec<Option<f64>>) = x.iter().map(|t| curve(*t)).map(|(v, e)| (v, Some(e))).unzip();
        let axis =
            |label: &str, unit: &str| Axis { label: label.to_owned(), unit: unit.to_owned(), range: None, log: false };
        let points = Series {
            name: "runs".to_owned(),
            x: self.kelvin.clone(),
            y: self.values.clone(),
            error: Some(self.errors.clone()),
            style: Style::Points,
            colour: None,
        };
        ChartSpec {
            title: self.first.name.clone(),
            x: axis("temperature", "K"),
            y: axis(&self.first.name, &self.unit),
            series: vec![
                Series { name: "fit".to_owned(), x, y, error: Some(band), style: Style::Line, colour: None },
                points,
            ],
            theme: Default::default(),
            transparent: false,
        }
    }
}

fn lower_first(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}
