//! A run as the page drives it: the class `Session`, a thin wrapper of [`Run`](crate::run::Run).

use std::collections::BTreeMap;

use js_sys::{Date, Float32Array, Float64Array, Object, Reflect, Uint8Array};
use serde::Serialize;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};

use super::{JsResult, error_object, plain, to_object};
use crate::analysis::Property;
use crate::error::{Error, Result};
use crate::io::{Configuration, StructureFormat};
use crate::math::Vec3;
use crate::run::{
    Card, Files, Measured, MeasuredDensity, MeasuredRdf, PotentialSpec, Run, RunSpec, Scan, ScanPoint, Stage,
    StructureSpec,
};
use crate::sampling::{Quantity, Snapshot, Trajectory};

/// A run, or one at several temperatures in turn; then everything but `scan` is of the present one. Every method that can fail
/// throws `{ kind, message, hint }`.
#[wasm_bindgen]
pub struct Session {
    files: GivenFiles,
    scan: Scan,
    trajectory: Trajectory,
}

/// Content by name.
struct GivenFiles(BTreeMap<String, Vec<u8>>);

impl GivenFiles {
    fn find(&self, name: &str) -> Result<Vec<u8>> {
        self.0.get(name).cloned().ok_or_else(|| {
            let known: Vec<&str> = self.0.keys().map(String::as_str).collect();
            Error::invalid("file", format!("\"{name}\""), format!("one of those given: {}", known.join(", ")))
        })
    }
}

/// Time between the first snapshots of a trajectory, ps; it doubles as a run gets long.
const SNAPSHOT_PS: f64 = 0.1;

/// What is known beforehand of a run with a potential of the gallery.
#[derive(Serialize)]
struct About {
    temperature_k: f64,
    card: Option<Card>,
    measured_density: Option<MeasuredDensity>,
    measured: Vec<Measured>,
    measured_rdfs: Vec<MeasuredRdf>,
}

/// What [`Session::of_temperatures`] gives.
#[derive(Serialize)]
struct OfTemperatures<'a> {
    points: &'a [ScanPoint],
    properties: Vec<Property>,
    measured: &'a [Measured],
}

#[wasm_bindgen]
impl Session {
    /// Reads the files and builds the structure.
    ///
    /// `spec` is a plain object, a [`RunSpec`]; `files` maps the names in it to `Uint8Array` or text.
    #[wasm_bindgen(constructor)]
    pub fn new(spec: &JsValue, files: &JsValue) -> JsResult<Session> {
        let build = || -> Result<Self> {
            let files = GivenFiles(read_files(files)?);
            let spec: RunSpec = plain(spec, "specification of the run", "the fields of a run.json")?;
            let trajectory = snapshots(&spec);
            let scan = Scan::new(spec, &|name| files.find(name))?;
            Ok(Self { files, scan, trajectory })
        };
        build().map_err(|error| error_object(&error))
    }

    /// Takes steps for about `budget_ms`, at least one, and at most `max_steps` where that is given; returns the progress.
    pub fn advance(&mut self, budget_ms: f64, max_steps: Option<u32>) -> JsResult<JsValue> {
        let end = Date::now() + budget_ms;
        let mut left = max_steps.map_or(u64::MAX, u64::from);
        let mut progress = self.scan.progress();
        while left > 0 && !self.scan.is_finished() {
            // Not past the end of a stage, so that the next one's trajectory begins with its first state.
            let until_next = self.trajectory.steps_until_next(progress.step);
            let steps = left.min(until_next).min(self.scan.run().steps_left_in_stage().max(1));
            let mut taken = 0;
            let mut should_stop = || {
                taken += 1;
                Date::now() >= end
            };
            let before = (progress.scan, progress.stage);
            let advanced = self.scan.advance(&|name| self.files.find(name), steps, &mut should_stop);
            progress = advanced.map_err(|error| error_object(&error))?;
            left -= taken.min(left);
            // Stages differ in their steps and cells: one file shall hold one of them, at last all of production.
            if (progress.scan, progress.stage) != before && progress.stage != Stage::Finished {
                self.trajectory = snapshots(self.scan.spec());
            }
            if progress.timestep_fs > 0.0 {
                self.trajectory.observe(progress.step, progress.time_ps, self.scan.run().frame());
            }
            if Date::now() >= end {
                break;
            }
        }
        to_object(&progress)
    }

    /// Where the run stands.
    pub fn progress(&self) -> JsResult<JsValue> {
        to_object(&self.scan.progress())
    }

    /// The atoms' kinds: `{ species: string[], types: Uint8Array }`.
    pub fn atoms(&self) -> JsResult<JsValue> {
        let system = self.scan.run().frame();
        let names: Vec<&str> = system.species.iter().map(|species| species.name.as_str()).collect();
        // The page can colour fewer species than a byte can count.
        let types: Vec<u8> = system.types.iter().map(|&t| u8::try_from(t).unwrap_or(u8::MAX)).collect();
        object([("species", to_object(&names)?), ("types", Uint8Array::from(types.as_slice()).into())])
    }

    /// The atoms' places: `{ positions: Float32Array, cell: Float64Array }`, inside the cell, in Å; the cell vectors one after
    /// the other, zero where a direction does not repeat. Copies: they may be transferred.
    pub fn frame(&self) -> JsResult<JsValue> {
        let system = self.scan.run().frame();
        let mut positions = Vec::with_capacity(3 * system.len());
        for position in &system.positions {
            positions.extend(system.cell.wrap(position).iter().map(|&x| x as f32));
        }
        let positions = Float32Array::from(positions.as_slice());
        let (vectors, periodic) = (system.cell.vectors(), system.cell.periodic());
        let shown = |k: usize| if periodic[k] { vectors.column(k).into_owned() } else { Vec3::zeros() };
        let cell: Vec<f64> = (0..3).flat_map(|k| <[f64; 3]>::from(shown(k))).collect();
        object([("positions", positions.into()), ("cell", Float64Array::from(cell.as_slice()).into())])
    }

    /// Names of the series.
    #[wasm_bindgen(js_name = seriesNames)]
    pub fn series_names(&self) -> JsResult<JsValue> {
        let mut names = Quantity::ALL.map(Quantity::name).to_vec();
        names.extend(self.scan.run().is_graded().then_some("grade"));
        to_object(&names)
    }

    /// A quantity over the run: `{ unit: string, x: Float64Array, y: Float64Array }`, times in ps.
    pub fn series(&self, name: &str) -> JsResult<JsValue> {
        let Some(series) = self.scan.run().series(name) else {
            let known = Quantity::ALL.map(Quantity::name).join(", ");
            return Err(error_object(&Error::invalid("series", format!("\"{name}\""), format!("one of {known}"))));
        };
        let x = Float64Array::from(series.time_ps.as_slice());
        let y = Float64Array::from(series.values.as_slice());
        object([("unit", JsValue::from_str(&series.unit)), ("x", x.into()), ("y", y.into())])
    }

    /// Extrapolation grade of each atom, as last computed; `undefined` before the first, and for a potential without an active
    /// set of sites.
    pub fn grades(&self) -> Option<Float32Array> {
        let grades: Vec<f32> = self.scan.run().site_grades()?.iter().map(|&grade| grade as f32).collect();
        Some(Float32Array::from(grades.as_slice()))
    }

    /// The configurations that the run kept because their grades were high, as the text of a file (`.extxyz`, `.cfg`).
    #[wasm_bindgen(js_name = writeKept)]
    pub fn write_kept(&self, file: &str) -> JsResult<String> {
        let text = || self.scan.run().write(format_of(file)?, &self.scan.kept());
        text().map_err(|error| error_object(&error))
    }

    /// The potential's card and the density measured in experiment, each `null` where there is none:
    /// `{ temperature_k: number, card: Card | null, measured_density: MeasuredDensity | null, measured: Measured[], measured_rdfs: MeasuredRdf[] }`;
    /// `measured` has an entry for each property that an experiment is known of, by the identifier that results have too.
    pub fn about(&self) -> JsResult<JsValue> {
        let about = About::new(self.scan.run(), &|name| self.files.find(name));
        to_object(&about.map_err(|error| error_object(&error))?)
    }

    /// What the temperatures that have come to their end say, `undefined` in a run at one: `{ points: ScanPoint[], properties:
    /// Property[], measured: Measured[] }`, where `properties` are those that follow from the change with temperature.
    #[wasm_bindgen(js_name = scan)]
    pub fn of_temperatures(&self) -> JsResult<JsValue> {
        if !self.scan.is_scan() {
            return Ok(JsValue::UNDEFINED);
        }
        let (points, properties, measured) = (self.scan.points(), self.scan.properties(), self.scan.measured());
        to_object(&OfTemperatures { points, properties, measured })
    }

    /// What production has measured so far: estimates, radial distribution functions, mean-square displacements.
    pub fn results(&self) -> JsResult<JsValue> {
        to_object(&self.scan.run().results())
    }

    /// The present structure as the text of a file; the name's ending decides the format.
    pub fn write(&self, file: &str) -> JsResult<String> {
        let text = || self.scan.run().write(format_of(file)?, &[Configuration::new(self.scan.run().frame().clone())]);
        text().map_err(|error| error_object(&error))
    }

    /// Snapshots of the present stage, of production after the end, since this session began, evenly spaced and bounded in
    /// number, as the text of a file that holds several structures (`.extxyz`, `.cfg`, `.dump`): positions unwrapped. A
    /// checkpoint has none of them.
    #[wasm_bindgen(js_name = writeTrajectory)]
    pub fn write_trajectory(&self, file: &str) -> JsResult<String> {
        let text = || -> Result<String> {
            let frames: Vec<Configuration> = self.trajectory.frames().iter().map(configuration).collect();
            if frames.is_empty() {
                let expected =
                    "some: they are kept from when the present stage was begun, or gone on with, in this page";
                return Err(Error::invalid("snapshots for a trajectory", "none", expected));
            }
            self.scan.run().write(format_of(file)?, &frames)
        };
        text().map_err(|error| error_object(&error))
    }

    /// Everything that the run needs to go on, apart from its files.
    pub fn checkpoint(&self) -> JsResult<Vec<u8>> {
        self.scan.checkpoint().map_err(|error| error_object(&error))
    }

    /// Goes on from a checkpoint of a run of the same specification.
    pub fn restore(&mut self, bytes: &[u8]) -> JsResult<()> {
        self.scan.restore(bytes, &|name| self.files.find(name)).map_err(|error| error_object(&error))
    }
}

pub(super) fn format_of(file: &str) -> Result<StructureFormat> {
    StructureFormat::from_name(file).ok_or_else(|| {
        Error::invalid("structure format", format!("\"{file}\""), ".cfg, .extxyz, .data, .dump or .poscar")
    })
}

fn configuration(snapshot: &Snapshot) -> Configuration {
    let features =
        vec![("step".to_owned(), snapshot.step.to_string()), ("time_ps".to_owned(), snapshot.time_ps.to_string())];
    Configuration { features, ..Configuration::new(snapshot.system.clone()) }
}

impl About {
    /// What is measured counts at the temperature of production.
    fn new(run: &Run, files: Files) -> Result<Self> {
        let (spec, measured) = (run.spec(), run.measured().to_vec());
        let mut about = Self {
            temperature_k: spec.temperature_k,
            card: None,
            measured_density: None,
            measured,
            measured_rdfs: Vec::new(),
        };
        let PotentialSpec::Card { file } = &spec.potential else { return Ok(about) };
        let card = Card::read(&files(file)?, file)?;
        if let (StructureSpec::Melt { composition, .. }, Some(kelvin)) = (&spec.structure, run.production_kelvin()) {
            about.measured_density = card.measured_density(composition, kelvin);
            about.measured_rdfs = card.measured_rdfs(composition, kelvin).into_iter().cloned().collect();
        }
        about.card = Some(card);
        Ok(about)
    }
}

/// An empty trajectory of a run.
fn snapshots(spec: &RunSpec) -> Trajectory {
    Trajectory::new((SNAPSHOT_PS * 1e3 / spec.timestep_fs) as u64)
}

/// Content by name, from an object of JS.
fn read_files(files: &JsValue) -> Result<BTreeMap<String, Vec<u8>>> {
    let Some(files) = files.dyn_ref::<Object>() else {
        return Err(Error::invalid("files", "something else", "an object of texts and bytes by name"));
    };
    let mut read = BTreeMap::new();
    for name in Object::keys(files).iter().filter_map(|name| name.as_string()) {
        let content = Reflect::get(files, &JsValue::from_str(&name)).unwrap_or_default();
        let bytes = match (content.as_string(), content.dyn_ref::<Uint8Array>()) {
            (Some(text), _) => text.into_bytes(),
            (None, Some(bytes)) => bytes.to_vec(),
            (None, None) => return Err(Error::invalid(name, "neither text nor bytes", "a string or a Uint8Array")),
        };
        read.insert(name, bytes);
    }
    Ok(read)
}

/// A plain object of these entries.
fn object<const N: usize>(entries: [(&str, JsValue); N]) -> JsResult<JsValue> {
    let object = Object::new();
    for (name, value) in entries {
        Reflect::set(&object, &JsValue::from_str(name), &value)?;
    }
    Ok(object.into())
}
