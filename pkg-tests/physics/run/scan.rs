//! Runs at several temperatures: each is the run at one, they go on from checkpoints, and what can't be a scan is refused.

use crucible::run::{EnsembleKind, Run, RunSpec, Scan, ScanPlace};
use crucible::{Error, Result};

use super::{file, short, to_the_end};

/// 60 atoms for a tenth of a picosecond at each temperature.
fn spec(further: &[f64]) -> RunSpec {
    let mut spec = RunSpec { temperature_k: 1200.0, further_temperatures_k: further.to_vec(), ..short() };
    (spec.density, spec.equilibrate.time_ps, spec.production.time_ps) = (None, 0.05, 0.1);
    spec.production.ensemble = EnsembleKind::Npt;
    spec
}

fn scan(further: &[f64]) -> Result<Scan> {
    Scan::new(spec(further), &file)
}

fn finish(scan: &mut Scan) {
    while !scan.is_finished() {
        scan.advance(&file, u64::MAX, &mut || false).unwrap();
    }
}

#[test]
fn each_temperature_of_a_scan_is_the_run_at_it() {
    let mut scan = scan(&[1100.0]).unwrap();
    assert_eq!(scan.progress().scan, Some(ScanPlace { index: 0, count: 2, temperature_k: 1200.0 }));
    finish(&mut scan);
    assert_eq!(scan.progress().scan, Some(ScanPlace { index: 1, count: 2, temperature_k: 1100.0 }));
    for (point, kelvin) in scan.points().iter().zip([1200.0, 1100.0]) {
        let mut alone = Run::new(RunSpec { temperature_k: kelvin, ..spec(&[]) }, &file).unwrap();
        to_the_end(&mut alone);
        assert_eq!((point.temperature_k, &point.results), (kelvin, &alone.results()));
        assert_eq!(point.measured, alone.measured());
    }
    assert!(scan.properties().iter().any(|property| property.id == "density-slope"));
    let density = scan.measured().iter().find(|measured| measured.id == "density").unwrap();
    let ends: Vec<f64> = scan.points().iter().map(|point| point.measured[0].value).collect();
    assert!(
        (density.value - 0.5 * (ends[0] + ends[1])).abs() < 1e-9,
        "a line's value at the middle: {}",
        density.value
    );
}

#[test]
fn a_run_at_one_temperature_says_nothing_of_a_scan() {
    let mut scan = scan(&[]).unwrap();
    finish(&mut scan);
    assert!(scan.progress().scan.is_none() && scan.properties().is_empty() && !scan.is_scan());
    // Its checkpoint is the run's: what was saved before there were scans goes on.
    let bytes = scan.run().checkpoint().unwrap();
    assert_eq!(scan.checkpoint().unwrap(), bytes);
    let mut again = self::scan(&[]).unwrap();
    again.restore(&bytes, &file).unwrap();
    assert!(again.run().is_finished());
    finish(&mut again);
    assert_eq!(again.points(), scan.points());
}

#[test]
fn a_scan_goes_on_bit_by_bit() {
    let mut whole = scan(&[1100.0]).unwrap();
    finish(&mut whole);
    // In the first run, in the second, and at the end.
    for (done, steps) in [(0, 40), (1, 20), (1, 290), (2, 0)] {
        let mut first = scan(&[1100.0]).unwrap();
        while first.points().len() < done {
            first.advance(&file, u64::MAX, &mut || false).unwrap();
        }
        first.advance(&file, steps, &mut || false).unwrap();
        assert_eq!(first.points().len(), done);
        let bytes = first.checkpoint().unwrap();
        let mut second = scan(&[1100.0]).unwrap();
        second.restore(&bytes, &file).unwrap();
        assert_eq!(second.progress(), first.progress());
        finish(&mut second);
        assert_eq!(second.points(), whole.points());
    }
    let bytes = whole.checkpoint().unwrap();
    let refusal = scan(&[1150.0]).unwrap().restore(&bytes, &file).unwrap_err().to_string();
    assert!(refusal.contains("one of other temperatures"), "{refusal}");
    let alone = whole.run().checkpoint().unwrap();
    assert!(scan(&[1100.0]).unwrap().restore(&alone, &file).is_err(), "a checkpoint of a single run");
}

#[test]
fn what_cannot_be_a_scan_is_refused() {
    let refusal = |spec: RunSpec| Scan::new(spec, &file).err().map(|error| error.to_string()).unwrap_or_default();
    let twice = refusal(spec(&[1100.0, 1200.0]));
    assert!(twice.contains("further_temperatures_k: found 1200 K twice"), "{twice}");
    let cold = refusal(spec(&[-3.0]));
    assert!(cold.contains("further_temperatures_k: found -3"), "{cold}");
    let mut ramp = spec(&[1100.0]);
    ramp.equilibrate.temperature_end_k = Some(1150.0);
    assert!(refusal(ramp).contains("equilibrate.temperature_end_k: found 1150"));
    let many: Vec<f64> = (0..100).map(|k| 900.0 + f64::from(k)).collect();
    assert!(refusal(spec(&many)).contains("101 temperatures"));
    let single = Run::new(spec(&[1100.0]), &file).err().unwrap().to_string();
    assert!(single.contains("crucible scan"), "{single}");
}

/// Files of the first temperature alone: what begins the second fails.
#[test]
fn an_error_names_its_temperature_and_what_was_measured_stays() {
    let mut scan = scan(&[1100.0]).unwrap();
    let gone = |name: &str| Err(Error::Io { path: name.to_owned(), reason: "gone".to_owned() });
    scan.advance(&gone, u64::MAX, &mut || false).unwrap_err();
    scan.advance(&gone, u64::MAX, &mut || false).unwrap_err();
    assert_eq!((scan.points().len(), scan.progress().scan.unwrap().index), (1, 0));
    let of_another = |_: &str| file("argon/card.toml");
    let message = scan.advance(&of_another, u64::MAX, &mut || false).unwrap_err().to_string();
    assert!(message.starts_with("at 1100 K, species of the structure"), "{message}");
    finish(&mut scan);
    assert_eq!(scan.points().len(), 2);
}

#[test]
fn what_a_scan_kept_for_labelling_stays_over_its_temperatures() {
    let mut wanted = spec(&[1100.0]);
    (wanted.extrapolation.every, wanted.extrapolation.warn, wanted.extrapolation.keep_above) = (1, 0.01, 0.01);
    wanted.extrapolation.stop = 1e6;
    let mut scan = Scan::new(wanted.clone(), &file).unwrap();
    finish(&mut scan);
    let names: Vec<String> = scan.kept().into_iter().filter_map(|kept| kept.name).collect();
    let of = |kelvin: &str| names.iter().filter(|name| name.contains(&format!("-seed1-{kelvin}K-"))).count();
    assert!(of("1200") > 0 && of("1100") > 0 && of("1200") + of("1100") == names.len(), "{names:?}");
    assert_eq!(scan.progress().kept_configurations, names.len());
    let mut again = Scan::new(wanted, &file).unwrap();
    again.restore(&scan.checkpoint().unwrap(), &file).unwrap();
    assert_eq!(again.kept().len(), names.len());
}
