//! A fit as the page drives it: the class `FitSession`, a thin wrapper of [`Fit`](crate::fitting::Fit).

use js_sys::{Date, Uint8Array};
use serde::Serialize;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use super::files::{named_file, named_files};
use super::{ErrorObject, JsResult, error_object, plain, to_object};
use crate::chart::ChartSpec;
use crate::error::{Error, Result};
use crate::fitting::{
    DataSet, DataSummary, Fit, FitReport, FitSpec, TemplateSpec, Weights, learning_curve, loss_curve, parity_charts,
    parts,
};
use crate::io::{
    Almtp, Configuration, StructureFormat, are_elements, match_files, read_almtp, read_structure, tagged_species,
    types_to_labels, write_almtp, write_mtp, write_structure,
};
use crate::potential::mtp::MtpParameters;
use crate::system::Species;

/// A data set and the fits to it. Every method that can fail throws `{ kind, message, hint }`.
#[wasm_bindgen]
pub struct FitSession {
    configurations: Vec<Configuration>,
    species: Vec<Species>,
    summary: DataSummary,
    data: Result<DataSet>,
    /// The potential to start from, in place of a new one.
    template: Option<MtpParameters>,
    fit: Option<Fit>,
    result: Option<Fitted>,
}

/// What a fit has led to.
struct Fitted {
    potential: MtpParameters,
    report: FitReport,
    almtp: Option<Almtp>,
}

/// The form of the potential, as the page asks for it.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    level: usize,
    cutoff: f64,
    basis_size: usize,
}

/// What the page shows of a data set.
#[derive(Serialize)]
struct Inspected<'a> {
    summary: &'a DataSummary,
    /// What keeps it from being fitted to.
    problem: Option<ErrorObject>,
    notes: Vec<String>,
    /// Energies, force components and stress components to fit to.
    equations: usize,
}

/// The fit as it stands.
#[derive(Serialize)]
struct Preview {
    charts: Vec<ChartSpec>,
}

/// The end of a fit.
#[derive(Serialize)]
struct Finished<'a> {
    report: &'a FitReport,
    charts: Vec<ChartSpec>,
}

#[wasm_bindgen]
impl FitSession {
    /// Reads data sets: `files` is an array of `{ name, bytes }`; `species` names the elements in the order of the potential,
    /// where there are any; `template` is the potential to start from as `{ name, bytes }`, or `undefined`. A trained one needs
    /// the names of its species for files that name elements.
    #[wasm_bindgen(constructor)]
    pub fn new(files: &JsValue, species: Vec<String>, template: &JsValue) -> JsResult<FitSession> {
        let read = || -> Result<Self> {
            let template = if template.is_undefined() { None } else { Some(read_template(template)?) };
            let (configurations, species) = read_data(files, &species, template.as_ref())?;
            let summary = DataSummary::new(&configurations, &species)?;
            let data = DataSet::new(configurations.clone(), species.clone());
            Ok(Self { configurations, species, summary, data, template, fit: None, result: None })
        };
        read().map_err(|error| error_object(&error))
    }

    /// What is in the data: `{ summary: DataSummary, problem: { kind, message, hint } | null, notes, equations }`.
    pub fn inspect(&self) -> JsResult<JsValue> {
        let (problem, notes, equations) = match &self.data {
            Ok(data) => {
                let on_units = data.note_on_units();
                (None, data.notes.iter().cloned().chain(on_units).collect(), data.equation_count(&Weights::default()))
            }
            Err(error) => (Some(ErrorObject::from(error)), Vec::new(), 0),
        };
        to_object(&Inspected { summary: &self.summary, problem, notes, equations })
    }

    /// Prepares a fit of a new potential: `form` is `{ level, cutoff, basis_size }`, `spec` a [`FitSpec`]. A potential to start
    /// from takes the place of `form`.
    pub fn begin(&mut self, form: &JsValue, spec: &JsValue) -> JsResult<()> {
        self.result = None;
        // What an earlier fit held is free before the next one takes its own.
        self.fit = None;
        let prepare = || -> Result<Fit> {
            let spec: FitSpec = plain(spec, "specification of the fit", "values for its fields")?;
            let template = match &self.template {
                Some(given) => given.clone(),
                None => new_potential(form, &self.species)?,
            };
            Fit::new(template, self.data.clone()?, spec)
        };
        self.fit = Some(prepare().map_err(|error| error_object(&error))?);
        Ok(())
    }

    /// Works for about `budget_ms`, at least on one block of configurations; returns a
    /// [`FitProgress`](crate::fitting::FitProgress).
    pub fn advance(&mut self, budget_ms: f64) -> JsResult<JsValue> {
        let end = Date::now() + budget_ms;
        let fit = self.fit.as_mut().ok_or_else(no_fit)?;
        let progress = fit.advance(&mut || Date::now() >= end).map_err(|error| error_object(&error))?;
        to_object(&progress)
    }

    /// The best potential so far on both parts: `{ charts: ChartSpec[] }`; `undefined` before the first pass is complete.
    pub fn preview(&self) -> JsResult<JsValue> {
        let fit = self.fit.as_ref().ok_or_else(no_fit)?;
        let Some(potential) = fit.potential() else { return Ok(JsValue::UNDEFINED) };
        let parts = parts(fit, &potential).map_err(|error| error_object(&error))?;
        let mut charts = vec![loss_curve(fit.history()), learning_curve(fit.history())];
        charts.extend(parity_charts(&parts));
        to_object(&Preview { charts })
    }

    /// Ends the fit, complete or not, with the best potential so far: `{ report: FitReport, charts: ChartSpec[] }`; `undefined`
    /// where no pass was complete.
    pub fn finish(&mut self) -> JsResult<JsValue> {
        let fit = self.fit.as_ref().ok_or_else(no_fit)?;
        let Some(potential) = fit.potential() else { return Ok(JsValue::UNDEFINED) };
        let report = FitReport::new(self.summary.clone(), fit, &potential).map_err(|error| error_object(&error))?;
        let charts = report.charts();
        let fitted = self.result.insert(Fitted { potential, report, almtp: None });
        to_object(&Finished { report: &fitted.report, charts })
    }

    /// Chooses the active set of the finished fit; returns an [`ActiveSetSpan`](crate::fitting::ActiveSetSpan).
    #[wasm_bindgen(js_name = chooseActiveSet)]
    pub fn choose_active_set(&mut self) -> JsResult<JsValue> {
        let (fit, fitted) = self.fit.as_ref().zip(self.result.as_mut()).ok_or_else(no_fit)?;
        let (mut almtp, span) = fit.with_active_set(&fitted.potential).map_err(|error| error_object(&error))?;
        if let Some(set) = &mut almtp.active_set {
            // Files hold the potential's own numbers.
            types_to_labels(&mut set.configurations, &almtp.parameters.species_labels);
        }
        fitted.almtp = Some(almtp);
        fitted.report.active_set = span;
        to_object(&fitted.report.active_set)
    }

    /// The fitted potential as a .mtp file.
    pub fn mtp(&self) -> JsResult<String> {
        Ok(write_mtp(&self.result.as_ref().ok_or_else(no_fit)?.potential))
    }

    /// The fitted potential with its active set as an .almtp file.
    pub fn almtp(&self) -> JsResult<Uint8Array> {
        let almtp = self.result.as_ref().and_then(|fitted| fitted.almtp.as_ref()).ok_or_else(no_fit)?;
        Ok(Uint8Array::from(write_almtp(almtp).as_slice()))
    }

    /// A configuration of the data, numbered from 1, as extended XYZ without labels: where a run can start.
    pub fn structure(&self, number: usize) -> JsResult<String> {
        let found = number.checked_sub(1).and_then(|index| self.configurations.get(index));
        let write = || {
            let expected = format!("1 to {}", self.configurations.len());
            let chosen = found.ok_or_else(|| Error::invalid("configuration", number, expected))?;
            let bare = Configuration { name: chosen.name.clone(), ..Configuration::new(chosen.system.clone()) };
            write_structure(StructureFormat::ExtXyz, &[bare])
        };
        write().map_err(|error| error_object(&error))
    }
}

fn read_template(file: &JsValue) -> Result<MtpParameters> {
    let (name, bytes) = named_file(file)?;
    Ok(read_almtp(&bytes, &name)?.parameters)
}

/// The configurations of several files, and what their types index.
fn read_data(
    files: &JsValue,
    names: &[String],
    template: Option<&MtpParameters>,
) -> Result<(Vec<Configuration>, Vec<Species>)> {
    // Coefficients belong to elements; an untrained template takes any.
    let trained = template.filter(|template| template.trained);
    let told = trained.and_then(tagged_species);
    if let Some(told) = told.as_ref().filter(|told| !names.is_empty() && !are_elements(names, told)) {
        let expected = format!("{}, as the potential's file says (potential_tag)", told.join(" "));
        return Err(Error::invalid("species of the potential", names.join(" "), expected));
    }
    let read = |(name, bytes): (String, Vec<u8>)| {
        let configurations = read_structure(&bytes, &name)?;
        Ok((name, configurations))
    };
    let files = named_files(files)?.into_iter().map(read).collect::<Result<_>>()?;
    match_files(files, told.as_deref().unwrap_or(names), trained, "species")
}

/// An untrained potential.
fn new_potential(form: &JsValue, species: &[Species]) -> Result<MtpParameters> {
    let form: Form = plain(form, "form of the potential", "numbers for its fields")?;
    let mut template = TemplateSpec::new(form.level, species.len(), form.cutoff);
    template.radial_basis.size = form.basis_size;
    template.build()
}

fn no_fit() -> JsValue {
    error_object(&Error::invalid("fit", "none", "a fit that was begun, and finished for its results"))
}
