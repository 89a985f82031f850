//! A trajectory of others as the page analyses it: the class `Analysis`, a thin wrapper of [`run::Analysis`](crate::run::Analysis).

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use super::{error_object, plain, to_object};
use crate::io::{FluxLogSettings, TrajectoryReader, read_flux_log};
use crate::run;

/// A trajectory that comes piece by piece. Every method that can fail throws `{ kind, message, hint }`.
#[wasm_bindgen]
pub struct Analysis {
    analysis: run::Analysis,
    reader: TrajectoryReader,
}

#[wasm_bindgen]
impl Analysis {
    /// `settings` is a plain object, an [`AnalyzeSettings`](run::AnalyzeSettings); `file` names the trajectory, in errors and
    /// where its format does not show.
    #[wasm_bindgen(constructor)]
    pub fn new(settings: &JsValue, file: &str) -> Result<Analysis, JsValue> {
        let build = || {
            let settings = plain(settings, "what the trajectory lacks", "the settings of an analysis")?;
            Ok(Self { analysis: run::Analysis::new(settings)?, reader: TrajectoryReader::new(file) })
        };
        build().map_err(|error| error_object(&error))
    }

    /// Adds a log of stress and heat flux; `settings` is a plain object, a [`FluxLogSettings`].
    #[wasm_bindgen(js_name = takeLog)]
    pub fn take_log(&mut self, bytes: &[u8], file: &str, settings: &JsValue) -> Result<(), JsValue> {
        let read = plain::<FluxLogSettings>(settings, "what the log lacks", "the settings of a log")
            .and_then(|settings| read_flux_log(bytes, file, &settings));
        self.analysis.take_log(read.map_err(|error| error_object(&error))?);
        Ok(())
    }

    /// Takes the next bytes of the trajectory; returns the number of frames so far.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<usize, JsValue> {
        let Self { analysis, reader } = self;
        reader.feed(bytes, &mut |frame| analysis.take(frame)).map_err(|error| error_object(&error))?;
        Ok(analysis.frames())
    }

    /// The end of the trajectory: what it shows, a [`TrajectoryReport`](run::TrajectoryReport).
    pub fn finish(&mut self) -> Result<JsValue, JsValue> {
        let Self { analysis, reader } = self;
        let mut read = || {
            let cut = reader.finish(&mut |frame| analysis.take(frame))?;
            let mut report = analysis.report()?;
            report.notes.extend(cut.map(str::to_owned));
            Ok(report)
        };
        to_object(&read().map_err(|error| error_object(&error))?)
    }
}
