//! What a property of a melt looks like to those who show it: a value, and the curves behind it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::chart::ChartSpec;

use super::Estimate;

/// A property by one route. A property with two routes is two of these, with the same `id`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Property {
    /// Identifier of what is measured, the same for every route: `density`, `self-diffusion`, `shear-viscosity`, …
    pub id: String,
    /// What it belongs to, if not to the whole system: a species ("Ca"), a pair ("Ca-Cl"); else empty.
    pub of: String,
    /// Name as it is printed: "Self-diffusion of Ca".
    pub name: String,
    /// How it was obtained: "Green–Kubo", "Einstein", "fluctuations", …
    pub route: String,
    /// The value in the literature's unit, its error and its warnings; `None` while there is nothing to say yet.
    pub estimate: Option<Estimate>,
    /// Why there is no value yet, in plain words.
    pub pending: Option<String>,
    /// The curves behind the value: autocorrelation, running integral with its band, the fit in its window.
    pub charts: Vec<ChartSpec>,
    /// Settings that made the value, by name, units in the text: "fit window": "2.1 to 18 ps".
    pub settings: BTreeMap<String, String>,
}

impl Property {
    /// A property that has no value yet, and why.
    pub fn pending(id: &str, of: &str, name: String, route: &str, why: &str) -> Self {
        Self {
            id: id.to_owned(),
            of: of.to_owned(),
            name,
            route: route.to_owned(),
            estimate: None,
            pending: Some(why.to_owned()),
            charts: Vec::new(),
            settings: BTreeMap::new(),
        }
    }

    /// The same property with its value.
    #[must_use]
    pub fn measured(mut self, estimate: Estimate) -> Self {
        self.estimate = Some(estimate);
        self.pending = None;
        self
    }

    /// The same property with one more curve behind it.
    #[must_use]
    pub fn with_chart(mut self, chart: ChartSpec) -> Self {
        self.charts.push(chart);
        self
    }

    /// The same property with one more of the settings that made it.
    #[must_use]
    pub fn with_setting(mut self, name: &str, value: impl ToString) -> Self {
        self.settings.insert(name.to_owned(), value.to_string());
        self
    }
}
