//! From one stage of a run to the next: conditions, books, steps.

use crucible::Error;
use crucible::run::{Measured, Stage, StructureSpec};

use super::{advance, short, start, to_the_end, unprepared};

#[test]
fn a_stage_starts_where_the_one_before_ended() {
    let mut run = start(&unprepared(|spec| {
        spec.temperature_k = 120.0;
        spec.equilibrate = serde_json::from_str(r#"{"ensemble":"nvt","time_ps":1,"temperature_end_k":60}"#).unwrap();
        spec.production.time_ps = 1.0;
    }));
    to_the_end(&mut run);
    let mean = run.results().estimates["temperature"].value;
    // 108 atoms fluctuate by 5 K, and follow the ramp of 60 K/ps by 0.1 ps late.
    assert!((mean - 60.0).abs() < 15.0, "{mean}");
    // Experiments are compared there too.
    let measured = |equilibrate: Option<f64>, production: Option<f64>| {
        let mut spec = short();
        spec.structure = StructureSpec::Melt {
            composition: [("KCl".to_owned(), 1.0)].into(),
            atoms: 60,
            density_g_cm3: None,
            minimum_distances_angstrom: Default::default(),
        };
        spec.equilibrate.temperature_end_k = equilibrate;
        spec.production.temperature_end_k = production;
        start(&spec).measured().to_vec()
    };
    let density = |all: &[Measured]| all.iter().find(|one| one.id == "density").unwrap().value;
    let (hot, cold) = (density(&measured(None, None)), density(&measured(Some(1060.0), None)));
    // The card's law for KCl, 2.1359 - 5.831e-4 T, between 1100 and 1060 K.
    assert!((cold - hot - 40.0 * 5.831e-4).abs() < 1e-9, "{hot} {cold}");
    assert!(measured(None, Some(1060.0)).is_empty());
}

#[test]
fn a_stage_without_steps_does_not_happen() {
    let mut run = start(&unprepared(|spec| {
        spec.prepare.warm_up_ps = 0.05;
        spec.equilibrate.temperature_end_k = Some(60.0);
    }));
    let mut seen = vec![run.stage()];
    while !run.is_finished() {
        seen.push(run.step().unwrap().stage);
    }
    seen.dedup();
    assert_eq!(seen, [Stage::WarmUp, Stage::Production, Stage::Finished]);
    assert_eq!(run.progress().step, run.progress().total_steps);
    // Nor does its ramp: production stays at the first temperature.
    let mut plain = start(&unprepared(|spec| spec.prepare.warm_up_ps = 0.05));
    to_the_end(&mut plain);
    assert_eq!(run.frame(), plain.frame());
}

/// It would be another ramp.
#[test]
fn a_ramp_of_production_can_not_be_prolonged() {
    let ramp = |time_ps: f64| {
        unprepared(|spec| {
            spec.production.time_ps = time_ps;
            spec.production.temperature_end_k = Some(60.0);
        })
    };
    let mut run = start(&ramp(0.2));
    advance(&mut run, 10).unwrap();
    let saved = run.checkpoint().unwrap();
    let message = start(&ramp(0.4)).restore(&saved).unwrap_err().to_string();
    assert!(message.contains("production.time_ps: found 0.4; expected 0.2"), "{message}");
    start(&ramp(0.2)).restore(&saved).unwrap();
}

/// Over a change of timestep, of ensemble and of the cell.
#[test]
fn the_conserved_energy_goes_on_from_stage_to_stage() {
    let mut run = start(&unprepared(|spec| {
        spec.prepare.warm_up_ps = 0.2;
        spec.equilibrate.time_ps = 0.5;
        spec.sampling.thermo_every = 1;
    }));
    to_the_end(&mut run);
    let energies = run.series("conserved-energy").unwrap().values;
    assert_eq!(energies.len() as u64, run.progress().total_steps);
    let jump = energies.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f64::max);
    // Splitting errors of a step are 1e-6 eV/atom; the heat of the warm-up alone is k T, 1e-2 eV/atom.
    assert!(jump < 1e-4, "{jump}");
}

/// At 2000 K and 20 fs atoms soon move further in a step than half the skin; at the warm-up's 10 fs they don't.
#[test]
fn a_blow_up_is_counted_from_the_start_of_the_run() {
    let mut run = start(&unprepared(|spec| {
        spec.temperature_k = 2000.0;
        spec.timestep_fs = 20.0;
        spec.prepare.warm_up_ps = 1.0;
        spec.production.time_ps = 2.0;
    }));
    let error = advance(&mut run, u64::MAX).unwrap_err();
    let Error::Unstable { step, .. } = error else { panic!("{error}") };
    // 100 steps of warm-up, and at most 100 of production.
    assert!((101..=200).contains(&step), "{error}");
    assert_eq!(advance(&mut run, 1), Err(error));
}

#[test]
fn what_a_run_measured_on_the_way_to_its_failure_says_so() {
    let mut run = start(&unprepared(|spec| {
        spec.temperature_k = 2000.0;
        spec.timestep_fs = 14.0;
        spec.production.time_ps = 20.0;
    }));
    advance(&mut run, 50).unwrap();
    let says_so = |run: &crucible::run::Run| {
        run.results().estimates.values().all(|own| own.warnings.iter().any(|w| w.contains("failed")))
    };
    assert!(!run.results().estimates.is_empty() && !says_so(&run));
    advance(&mut run, u64::MAX).unwrap_err();
    assert!(!run.results().estimates.is_empty() && says_so(&run));
}
