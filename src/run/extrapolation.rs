//! The extrapolation grade as a run goes: a warning, configurations kept for labelling, a stop.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::io::Configuration;
use crate::math::{Vec3, checksum};
use crate::potential::mtp::{ExtrapolationGrade, GradeMode, Grades};
use crate::sampling::TimeSeries;
use crate::system::System;

use super::spec::{ExtrapolationSpec, ExtrapolationSummary};
use super::stages::Moving;

/// Steps between two configurations that are kept, at first: nearer ones resemble each other.
const KEPT_SPACING: u64 = 50;
/// Most points of the series; after a merge it has half as many.
const MAX_POINTS: usize = 2000;

/// Grades the configurations that a run passes through.
pub(super) struct Extrapolation {
    grade: ExtrapolationGrade,
    spec: ExtrapolationSpec,
    now: Grades,
    pub(super) seen: Seen,
}

/// What has been met so far.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Seen {
    samples: u64,
    above_warning: u64,
    current: Option<f64>,
    largest: Option<Extreme>,
    series: Series,
    spacing: u64,
    kept: Vec<Kept>,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Extreme {
    grade: f64,
    step: u64,
    atom: usize,
}

/// A configuration that was kept because of its grade.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Kept {
    step: u64,
    /// Step of the first of the near ones that this stands for.
    #[serde(default)]
    since: u64,
    grade: f64,
    system: System,
}

impl Kept {
    /// At rest, with its grade, named by its atoms, its run, its step and a checksum: another run's of the same seed and step
    /// is another structure.
    pub(super) fn configuration(&self, run: &str) -> Configuration {
        let mut system = self.system.clone();
        system.velocities.fill(Vec3::zeros());
        let counts = system.species.iter().zip(system.counts()).filter(|(_, count)| *count > 0);
        let atoms: String = counts.map(|(species, count)| format!("{}{count}", species.name)).collect();
        let sum = checksum(system.positions.iter().flat_map(|p| p.iter().flat_map(|x| x.to_le_bytes())));
        Configuration {
            name: Some(format!("{atoms}-{run}-step{}-{:04x}", self.step, sum & 0xffff)),
            features: vec![("MV_grade".into(), self.grade.to_string()), ("step".into(), self.step.to_string())],
            ..Configuration::new(system)
        }
    }
}

/// Time in fs and the largest grade of each stretch of `stride` samples.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Series {
    stride: u64,
    filled: u64,
    points: Vec<(f64, f64)>,
}

impl Series {
    fn push(&mut self, time_fs: f64, grade: f64) {
        match self.points.last_mut().filter(|_| self.filled > 0) {
            Some(last) if grade > last.1 => *last = (time_fs, grade),
            Some(_) => {}
            None => self.points.push((time_fs, grade)),
        }
        self.filled = (self.filled + 1) % self.stride.max(1);
        if self.filled == 0 && self.points.len() >= MAX_POINTS {
            let larger = |pair: &[(f64, f64)]| pair.iter().copied().max_by(|a, b| a.1.total_cmp(&b.1));
            self.points = self.points.chunks(2).filter_map(larger).collect();
            self.stride = 2 * self.stride.max(1);
        }
    }
}

impl Extrapolation {
    pub(super) fn new(grade: ExtrapolationGrade, spec: ExtrapolationSpec) -> Self {
        Self { grade, spec, now: Grades::default(), seen: Seen::default() }
    }

    /// Grades the present state where that is due.
    ///
    /// # Errors
    /// [`Error::Extrapolation`] above the limit: the simulation then stands at its last good state, and stays there.
    pub(super) fn observe(&mut self, moving: &mut Moving) -> Result<()> {
        let step = moving.earlier_steps + moving.simulation.step_count();
        if !step.is_multiple_of(self.spec.every) {
            return Ok(());
        }
        let system = moving.simulation.system();
        self.grade.evaluate(system, moving.simulation.neighbors(), &mut self.now)?;
        let (grade, atom) = (self.now.grade, self.now.atom);
        let stops = grade > self.spec.stop;
        self.seen.record(moving.earlier_fs + moving.simulation.time_fs(), step, &self.now, &self.spec);
        if stops || grade > self.spec.keep_above {
            self.seen.keep(step, grade, system, stops, self.spec.max_kept);
        }
        if !stops {
            return Ok(());
        }
        let species = system.types.get(atom).and_then(|&kind| system.species.get(kind as usize));
        let name = species.map_or("?", |species| &species.name);
        let what = if self.grades_atoms() { format!("atom {} ({name})", atom + 1) } else { "the configuration".into() };
        let reason = format!("{what} extrapolates with a grade of {grade:.2}, above the limit of {}", self.spec.stop);
        let error = Error::Extrapolation { step, reason };
        moving.simulation.stop_with(error.clone())?;
        Err(error)
    }

    pub(super) fn current(&self) -> Option<f64> {
        self.seen.current
    }

    pub(super) fn largest(&self) -> Option<f64> {
        self.seen.largest.map(|largest| largest.grade)
    }

    pub(super) fn kept_count(&self) -> usize {
        self.seen.kept.len()
    }

    /// Grade of each atom as last computed; `None` in configuration mode, where atoms have none of their own.
    pub(super) fn sites(&self) -> Option<&[f64]> {
        (self.grades_atoms() && !self.now.sites.is_empty()).then_some(&self.now.sites)
    }

    fn grades_atoms(&self) -> bool {
        matches!(self.grade.mode(), GradeMode::Neighborhood { .. })
    }

    pub(super) fn series(&self) -> TimeSeries {
        let points = &self.seen.series.points;
        TimeSeries {
            name: SERIES.to_owned(),
            unit: String::new(),
            time_ps: points.iter().map(|point| point.0 * 1e-3).collect(),
            values: points.iter().map(|point| point.1).collect(),
        }
    }

    pub(super) fn kept(&self) -> &[Kept] {
        &self.seen.kept
    }

    pub(super) fn summary(&self) -> Option<ExtrapolationSummary> {
        let Extreme { grade, step, atom } = self.seen.largest?;
        let mut warnings = Vec::new();
        if self.seen.above_warning > 0 {
            let of_atom = if self.grades_atoms() { format!(" (atom {})", atom + 1) } else { String::new() };
            warnings.push(format!(
                "The potential extrapolated: {} of {} grades were above {}, the largest {grade:.2} at step {step}{of_atom}.",
                self.seen.above_warning, self.seen.samples, self.spec.warn,
            ));
        }
        Some(ExtrapolationSummary {
            largest_grade: grade,
            step,
            atom,
            samples: self.seen.samples,
            above_warning: self.seen.above_warning,
            kept: self.seen.kept.len(),
            warnings,
        })
    }
}

impl Seen {
    fn record(&mut self, time_fs: f64, step: u64, grades: &Grades, spec: &ExtrapolationSpec) {
        let grade = grades.grade;
        self.samples += 1;
        self.above_warning += u64::from(grade > spec.warn);
        self.current = Some(grade);
        if self.largest.is_none_or(|largest| grade > largest.grade) {
            self.largest = Some(Extreme { grade, step, atom: grades.atom });
        }
        self.series.push(time_fs, grade);
    }

    /// Keeps the state if it is far enough from the last one, or if the run ends with it; of near ones that with the largest
    /// grade. When the store is full, of each two neighbours the one with the smaller grade goes, and the spacing doubles.
    fn keep(&mut self, step: u64, grade: f64, system: &System, always: bool, most: usize) {
        let spacing = self.spacing.max(KEPT_SPACING);
        let kept = |since| Kept { step, since, grade, system: system.clone() };
        // A run that is gone on with may meet the same again.
        let is_near = |last: &Kept| step == last.step || (!always && step < last.since.saturating_add(spacing));
        match self.kept.last_mut().filter(|last| is_near(last)) {
            Some(last) if grade > last.grade => return *last = kept(last.since),
            Some(_) => return,
            None => {}
        }
        if self.kept.len() >= most {
            let by_grade = |a: &&Kept, b: &&Kept| a.grade.total_cmp(&b.grade);
            self.kept = self.kept.chunks(2).filter_map(|pair| pair.iter().max_by(by_grade)).cloned().collect();
            self.spacing = 2 * spacing;
        }
        // Where few are kept, there may be none to go.
        while self.kept.len() >= most {
            let least = (0..self.kept.len()).min_by(|&a, &b| self.kept[a].grade.total_cmp(&self.kept[b].grade));
            match least.filter(|&least| always || self.kept[least].grade < grade) {
                Some(least) => drop(self.kept.remove(least)),
                None => return,
            }
        }
        self.kept.push(kept(step));
    }
}

/// Name of the series.
pub(super) const SERIES: &str = "grade";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::{Cell, Species};

    #[test]
    fn kept_configurations_are_spaced_and_bounded() {
        let species = vec![Species::from_name("Ar").expect("an element")];
        let cell = Cell::orthorhombic(9.0, 9.0, 9.0).expect("a cell");
        let system = System::new(cell, species, vec![0], vec![Vec3::zeros()]).expect("an atom");
        let mut seen = Seen::default();
        for step in (10..100_000).step_by(10) {
            seen.keep(step, 3.0, &system, false, 20);
        }
        assert!((5..=20).contains(&seen.kept.len()), "{}", seen.kept.len());
        assert!(seen.kept.windows(2).all(|pair| pair[1].step - pair[0].step >= KEPT_SPACING));
        seen.keep(100_001, 11.0, &system, true, 20);
        assert_eq!(seen.kept.last().map(|kept| kept.step), Some(100_001));
        // The largest grade stays, however near to another one, and when the store is thinned.
        let mut seen = Seen::default();
        for step in (10..100_000_u64).step_by(10) {
            seen.keep(step, if step == 31_240 { 7.0 } else { 3.0 }, &system, false, 20);
        }
        assert!(seen.kept.iter().any(|kept| (kept.step, kept.grade) == (31_240, 7.0)));
        // While it rises, there is one of each stretch.
        let mut seen = Seen::default();
        (10..1010).step_by(10).for_each(|step| seen.keep(step, step as f64, &system, false, 100));
        assert_eq!(seen.kept.len(), 20);
        let mut seen = Seen::default();
        [3.0, 5.0, 4.0]
            .iter()
            .zip([100, 200, 300])
            .for_each(|(&grade, step)| seen.keep(step, grade, &system, false, 1));
        assert_eq!(seen.kept.iter().map(|kept| kept.step).collect::<Vec<_>>(), [200]);
        seen.kept.clear();
        seen.keep(1, 3.0, &system, true, 0);
        assert!(seen.kept.is_empty());
    }

    #[test]
    fn the_series_keeps_its_peaks() {
        let mut series = Series::default();
        for k in 0..50_000 {
            series.push(f64::from(k), if k == 31_234 { 7.0 } else { 1.0 });
        }
        assert!(series.points.len() <= MAX_POINTS);
        let largest = series.points.iter().max_by(|a, b| a.1.total_cmp(&b.1)).expect("points");
        assert_eq!(*largest, (31_234.0, 7.0));
        assert!(series.points.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }
}
