//! What an active set spans: how many directions of the potential's parameters the data determine, where they come from, and
//! how far held-out configurations lie outside.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::io::almtp::ActiveSet;
use crate::io::{Almtp, Configuration};
use crate::system::Species;

use super::active_set::{first_site_equation, grade_configurations};
use super::report::{formula, proportions};

/// What an active set spans.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ActiveSetSpan {
    /// Rows: as many as the potential has parameters.
    pub rows: usize,
    /// Rows that came from the data; the others stand for directions that no atom decides, of which a few change no energy.
    pub from_data: usize,
    /// Configurations that have a row.
    pub configurations: usize,
    /// Configurations that were offered.
    pub offered: usize,
    /// Rows by the species of their atom; empty in configuration mode.
    pub species: Vec<SpeciesRows>,
    /// Rows by composition.
    pub compositions: Vec<CompositionRows>,
    /// Grades of the held-out part.
    pub held_out: Option<HeldOutGrades>,
}

/// Rows that are sites of one species.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SpeciesRows {
    /// Its name.
    pub species: String,
    /// Rows.
    pub rows: usize,
}

/// Rows from one composition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CompositionRows {
    /// Smallest whole numbers, such as "K1 Ca2 Cl5".
    pub composition: String,
    /// Configurations that have a row.
    pub configurations: usize,
    /// Rows.
    pub rows: usize,
}

/// Grades of configurations that were not fitted to.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct HeldOutGrades {
    /// How many configurations.
    pub configurations: usize,
    /// Largest grade.
    pub largest: f64,
    /// Configurations with a grade above 1: the potential extrapolates a little.
    pub above_one: usize,
    /// Configurations with a grade above 2.
    pub above_two: usize,
}

impl ActiveSetSpan {
    /// Looks at the active set of `almtp`, chosen from `offered` configurations of `species`; none without an active set.
    ///
    /// # Errors
    /// Held-out configurations that can't be graded.
    pub fn new(almtp: &Almtp, offered: usize, species: &[Species], held_out: &[Configuration]) -> Result<Option<Self>> {
        let Some(set) = &almtp.active_set else { return Ok(None) };
        let names: Vec<&str> = species.iter().map(|species| species.name.as_str()).collect();
        Ok(Some(Self {
            rows: set.origins.len(),
            from_data: set.origins.iter().flatten().count(),
            configurations: set.configurations.len(),
            offered,
            species: species_rows(set, &names),
            compositions: composition_rows(set, &names),
            held_out: if held_out.is_empty() { None } else { Some(graded(almtp, held_out)?) },
        }))
    }
}

fn species_rows(set: &ActiveSet, names: &[&str]) -> Vec<SpeciesRows> {
    let mut rows = vec![0; names.len()];
    for origin in set.origins.iter().flatten() {
        let Some(system) = set.configurations.get(origin.configuration).map(|c| &c.system) else { continue };
        let site = origin.equation.and_then(|equation| equation.checked_sub(first_site_equation(system.len())));
        let kind = site.and_then(|site| system.types.get(site));
        if let Some(count) = kind.and_then(|&kind| rows.get_mut(kind as usize)) {
            *count += 1;
        }
    }
    if rows.iter().all(|&rows| rows == 0) {
        return Vec::new();
    }
    names.iter().zip(rows).map(|(name, rows)| SpeciesRows { species: (*name).to_owned(), rows }).collect()
}

fn composition_rows(set: &ActiveSet, names: &[&str]) -> Vec<CompositionRows> {
    let mut groups: BTreeMap<Vec<usize>, (usize, usize)> = BTreeMap::new();
    for (k, configuration) in set.configurations.iter().enumerate() {
        let rows = set.origins.iter().flatten().filter(|origin| origin.configuration == k).count();
        let group = groups.entry(proportions(&configuration.system.counts())).or_default();
        *group = (group.0 + 1, group.1 + rows);
    }
    let composition = |(counts, (configurations, rows)): (Vec<usize>, (usize, usize))| CompositionRows {
        composition: formula(&counts, names),
        configurations,
        rows,
    };
    groups.into_iter().map(composition).collect()
}

fn graded(almtp: &Almtp, held_out: &[Configuration]) -> Result<HeldOutGrades> {
    let grades = grade_configurations(almtp, held_out)?;
    let above = |limit: f64| grades.iter().filter(|grades| grades.grade > limit).count();
    Ok(HeldOutGrades {
        configurations: grades.len(),
        largest: grades.iter().map(|grades| grades.grade).fold(0.0, f64::max),
        above_one: above(1.0),
        above_two: above(2.0),
    })
}
