//! Runs from specification to results: presets, slices, checkpoints, and what is refused.

mod labels;
mod scan;
mod stability;
mod stages;

use std::path::{Path, PathBuf};

use crucible::fitting::{DataSet, errors};
use crucible::io::{read_almtp, read_cfg, read_extxyz, unite_species};
use crucible::run::{
    Card, CardPotential, DensitySpec, PotentialSpec, Preset, Progress, Run, RunSpec, Stage, StructureSpec,
};
use crucible::{Error, Result};

fn potentials() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("potentials")
}

/// A file of `potentials/`.
pub fn file(name: &str) -> Result<Vec<u8>> {
    std::fs::read(potentials().join(name)).map_err(|e| Error::Io { path: name.to_owned(), reason: e.to_string() })
}

fn presets() -> Vec<Preset> {
    serde_json::from_slice(&file("gallery.json").unwrap()).unwrap()
}

pub fn preset(name: &str) -> RunSpec {
    presets().into_iter().find(|preset| preset.name == name).unwrap().spec
}

fn start(spec: &RunSpec) -> Run {
    Run::new(spec.clone(), &file).unwrap()
}

fn advance(run: &mut Run, steps: u64) -> Result<Progress> {
    run.advance(steps, &mut || false)
}

/// A small melt with short stages.
fn short() -> RunSpec {
    let mut spec = preset("cacl2-kcl-melt");
    if let StructureSpec::Melt { atoms, .. } = &mut spec.structure {
        *atoms = 60;
    }
    spec.prepare.relax_steps = 50;
    spec.prepare.warm_up_ps = 0.2;
    spec.equilibrate.time_ps = 0.1;
    spec.density = Some(DensitySpec { time_ps: 0.1 });
    spec.production.time_ps = 0.4;
    spec
}

fn to_the_end(run: &mut Run) {
    advance(run, u64::MAX).unwrap();
    assert!(run.is_finished());
}

#[test]
fn every_preset_is_complete() {
    let presets = presets();
    assert!(presets.len() >= 4);
    for preset in presets {
        let listed = |name: &str| {
            assert!(preset.files.iter().any(|f| f == name), "{}: {name} is not listed", preset.name);
            file(name)
        };
        let mut run = Run::new(preset.spec.clone(), &listed).unwrap();
        assert!((100..=1000).contains(&run.frame().len()), "{}", preset.name);
        advance(&mut run, 5).unwrap();
    }
}

/// Every folder of `potentials/` with its card.
fn cards() -> Vec<(String, Card)> {
    let entries = std::fs::read_dir(potentials()).unwrap().map(|entry| entry.unwrap());
    // A folder may hold data for a potential yet to be fitted.
    let folders = entries
        .filter(|entry| entry.path().join("card.toml").is_file())
        .map(|entry| entry.file_name().into_string().unwrap());
    let read = |folder: String| {
        let name = format!("{folder}/card.toml");
        let card = Card::read(&file(&name).unwrap(), &name).unwrap();
        (folder, card)
    };
    folders.map(read).collect()
}

#[test]
fn every_card_agrees_with_its_potential() {
    assert!(cards().len() >= 2);
    for (folder, card) in cards() {
        if let CardPotential::Mtp { file: name, cutoff_angstrom, .. } = &card.potential {
            let parameters = read_almtp(&file(&format!("{folder}/{name}")).unwrap(), name).unwrap().parameters;
            assert_eq!(parameters.species_count, card.species.len(), "{folder}");
            assert_eq!(parameters.radial_basis.max_dist, *cutoff_angstrom, "{folder}");
            assert!(parameters.trained, "{folder}");
        }
        assert!(card.valid.temperature_k[0] < card.valid.temperature_k[1], "{folder}");
    }
}

/// Configurations that took no part in the fit, neither in it nor in when it ended.
#[test]
fn cards_state_the_errors_on_their_test_sets() {
    let mut compared = 0;
    for (folder, card) in cards() {
        let Ok(bytes) = file(&format!("{folder}/data/test.extxyz")) else { continue };
        let CardPotential::Mtp { file: name, .. } = &card.potential else { continue };
        let parameters = read_almtp(&file(&format!("{folder}/{name}")).unwrap(), name).unwrap().parameters;
        let mut configurations = read_extxyz(std::str::from_utf8(&bytes).unwrap(), "test.extxyz").unwrap();
        let names: Vec<String> = card.species.iter().map(|species| species.name.clone()).collect();
        let species = unite_species(&mut configurations, &names).unwrap();
        let set = DataSet::new(configurations, species).unwrap();
        let errors = errors(&parameters, &set).unwrap();
        assert_eq!(card.fit.held_out, Some(set.len() as u32), "{folder}");
        for (stated, found, digit) in [
            (card.fit.force_rmse_mev_per_angstrom, 1e3 * errors.force_component.rms, 0.1),
            (card.fit.energy_rmse_mev_per_atom, 1e3 * errors.energy_per_atom.rms, 0.1),
            (card.fit.stress_rmse_gpa, errors.stress_gpa.rms, 0.001),
        ] {
            assert!((stated.unwrap() - found).abs() < 0.51 * digit, "{folder}: {found} instead of {stated:?}");
        }
        compared += 1;
    }
    assert!(compared > 0);
}

#[test]
fn every_potential_gives_the_values_of_its_check_file() {
    for (folder, card) in cards() {
        let name = format!("{folder}/check.cfg");
        let text = String::from_utf8(file(&name).unwrap()).unwrap();
        for (configuration, wanted) in read_cfg(&text, &name, &card.species().unwrap()).unwrap().iter().enumerate() {
            let mut spec = short();
            spec.potential = PotentialSpec::Card { file: format!("{folder}/card.toml") };
            spec.structure = StructureSpec::File { file: name.clone(), configuration, repeat: [1; 3] };
            spec.prepare.relax_steps = 0;
            let run = start(&spec);
            let found = run.evaluation();
            let energy = wanted.energy.unwrap();
            let forces = wanted.forces.as_ref().unwrap();
            let largest = forces.iter().map(|f| f.amax()).fold(0.0, f64::max);
            let stress = wanted.plus_stress.unwrap();
            // The values come from the plain kernel; another order of sums changes the last few digits.
            assert!((found.energy() - energy).abs() < 1e-11 * energy.abs(), "{name} {configuration}");
            assert!((found.virial - stress).amax() < 1e-9 * stress.amax(), "{name} {configuration}");
            for (f, g) in found.forces.iter().zip(forces) {
                assert!((f - g).amax() < 1e-9 * largest, "{name} {configuration}: {f} {g}");
            }
        }
    }
}

#[test]
fn slices_do_not_change_a_run() {
    let spec = short();
    let mut whole = start(&spec);
    to_the_end(&mut whole);
    let mut sliced = start(&spec);
    let mut calls = 0;
    while !sliced.is_finished() {
        // The closure stops some slices early.
        sliced
            .advance(17, &mut || {
                calls += 1;
                calls % 11 == 0
            })
            .unwrap();
    }
    assert_eq!(whole.frame(), sliced.frame());
    assert_eq!(whole.results(), sliced.results());
}

#[test]
fn a_run_reports_what_production_measured() {
    let spec = short();
    let mut run = start(&spec);
    assert_eq!(run.progress().stage, Stage::Soften);
    assert!(run.results().estimates.is_empty());
    to_the_end(&mut run);
    let progress = run.progress();
    assert_eq!((progress.stage, progress.step), (Stage::Finished, progress.total_steps));
    // 0.2 ps of warm-up, twice 0.1 ps, and 0.4 ps; sums of a few hundred timesteps round.
    assert!((progress.time_ps - 0.8).abs() < 1e-9);
    let results = run.results();
    assert!(results.estimates["density"].value > 1.0);
    // K, Ca, Cl: six pairs, three species.
    assert_eq!((results.rdf.len(), results.msd.len()), (6, 3));
    // 200 production steps, structure each 20.
    assert_eq!(results.msd[0].origins[0], 9);
    assert!(!run.series("temperature").unwrap().values.is_empty());
    assert!(run.series("colour").is_none());
}

/// Argon that is at once what `change` makes of a production at constant volume.
fn unprepared(change: impl FnOnce(&mut RunSpec)) -> RunSpec {
    let text = r#"{
      "schema": 1,
      "potential": { "kind": "lennard-jones", "species": ["Ar"], "epsilon_ev": 0.0103, "sigma_angstrom": 3.4, "cutoff_angstrom": 7.0 },
      "structure": { "kind": "crystal", "lattice": "fcc", "elements": ["Ar"], "lattice_constant_angstrom": 5.6, "repeat": [3, 3, 3] },
      "temperature_k": 120,
      "timestep_fs": 5,
      "prepare": { "relax_steps": 0, "warm_up_ps": 0 },
      "equilibrate": { "ensemble": "npt", "time_ps": 0 },
      "production": { "ensemble": "nvt", "time_ps": 0.2 }
    }"#;
    let mut spec = serde_json::from_str(text).unwrap();
    change(&mut spec);
    spec
}

/// Whatever comes first, relaxed or not, is watched from its start.
#[test]
fn a_first_stage_of_dynamics_is_watched() {
    for relax_steps in [0, 3] {
        let mut run = start(&unprepared(|spec| spec.prepare.relax_steps = relax_steps));
        let before = start(run.spec()).checkpoint().unwrap();
        to_the_end(&mut run);
        let results = run.results();
        let viscosity = results.properties.iter().find(|property| property.id == "shear-viscosity").unwrap();
        assert!(viscosity.pending.as_ref().unwrap().contains("too short"), "{viscosity:?}");
        assert!(!results.msd[0].time_ps.is_empty());
        let mut again = start(run.spec());
        again.restore(&before).unwrap();
        to_the_end(&mut again);
        assert_eq!(again.results(), results);
        let mut dense = start(&unprepared(|spec| {
            spec.prepare.relax_steps = relax_steps;
            spec.density = Some(DensitySpec { time_ps: 0.2 });
        }));
        to_the_end(&mut dense);
        assert!(dense.results().properties.iter().any(|property| property.id == "density"));
    }
}

#[test]
fn checkpoints_go_on_bit_by_bit_in_every_stage() {
    let spec = short();
    let mut whole = start(&spec);
    to_the_end(&mut whole);
    let mut run = start(&spec);
    let mut seen = Vec::new();
    while !run.is_finished() {
        advance(&mut run, 37).unwrap();
        let bytes = run.checkpoint().unwrap();
        let mut other = start(&spec);
        other.restore(&bytes).unwrap();
        assert_eq!(run.progress(), other.progress());
        seen.push(run.stage());
        run = other;
    }
    seen.dedup();
    assert_eq!(seen.len(), 7, "{seen:?}");
    assert_eq!(whole.frame(), run.frame());
    assert_eq!(whole.results(), run.results());
}

#[test]
fn a_finished_run_can_be_prolonged() {
    let mut spec = short();
    let mut longer = spec.clone();
    longer.production.time_ps = 0.6;
    let mut whole = start(&longer);
    to_the_end(&mut whole);
    let mut first = start(&spec);
    to_the_end(&mut first);
    let mut second = start(&longer);
    second.restore(&first.checkpoint().unwrap()).unwrap();
    to_the_end(&mut second);
    assert_eq!(whole.frame(), second.frame());
    assert_eq!(whole.results(), second.results());
    spec.temperature_k += 1.0;
    assert!(start(&spec).restore(&first.checkpoint().unwrap()).is_err());
}

#[test]
fn damaged_checkpoints_are_refused() {
    let spec = short();
    let mut run = start(&spec);
    // Softening (400) and relaxing (50) end before this at the latest.
    advance(&mut run, 460).unwrap();
    let bytes = run.checkpoint().unwrap();
    let stride = bytes.len() / 50;
    for at in (0..bytes.len()).step_by(stride) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x10;
        assert!(run.restore(&damaged).is_err(), "byte {at}");
        assert!(run.restore(&bytes[..at]).is_err(), "cut at {at}");
    }
    run.restore(&bytes).unwrap();
}

#[test]
fn what_cannot_be_run_is_refused_by_name() {
    let refusal = |change: &[(&str, &str)]| {
        let mut value = serde_json::to_value(short()).unwrap();
        for (pointer, text) in change {
            *value.pointer_mut(pointer).unwrap() = serde_json::from_str(text).unwrap();
        }
        let spec: RunSpec = serde_json::from_value(value).unwrap();
        Run::new(spec, &file).err().unwrap_or_else(|| panic!("{change:?} was accepted")).to_string()
    };
    let crystal = r#"{"kind":"crystal","lattice":"rocksalt","elements":["Ca","Cl"],"lattice_constant_angstrom":6.0,"repeat":[2,2,2]}"#;
    let three = r#"{"kind":"mtp","file":"cacl2-kcl/potential.almtp","species":["K","Ca"]}"#;
    let missing = r#"{"kind":"card","file":"nowhere/card.toml"}"#;
    let garbage = r#"{"kind":"mtp","file":"cacl2-kcl/card.toml","species":["K","Ca","Cl"]}"#;
    for (pointer, value, words) in [
        ("/schema", "2", "schema"),
        ("/timestep_fs", "1000", "timestep"),
        ("/timestep_fs", "-1", "timestep"),
        ("/temperature_k", "-300", "temperature"),
        ("/temperature_k", "1e9", "temperature"),
        ("/pressure_gpa", "1e9", "pressure"),
        ("/production/time_ps", "1e300", "production.time_ps"),
        ("/equilibrate/time_ps", "-1", "equilibrate.time_ps"),
        ("/prepare/relax_steps", "99999999999", "relax_steps"),
        ("/sampling/thermo_every", "0", "thermo_every"),
        ("/structure/atoms", "0", "number of atoms"),
        ("/structure/atoms", "10000000", "number of atoms"),
        ("/structure/composition", r#"{"Ca":1,"Cl":1}"#, "net charge"),
        ("/structure/composition", r#"{"NaCl":1}"#, "Na"),
        ("/structure/composition", r#"{"CaCl2":-1}"#, "amount of CaCl2"),
        ("/structure/density_g_cm3", "0", "density"),
        ("/structure/density_g_cm3", "1e9", "density"),
        ("/structure/minimum_distances_angstrom", r#"{"Ca-Cl":9}"#, "fit"),
        ("/structure", crystal, "net charge"),
        ("/structure", crystal.replace("Ca", "K").replace("6.0", "0.01").as_str(), "lattice constant: found 0.01 Å"),
        ("/potential", three, "species"),
        ("/potential", missing, "nowhere/card.toml"),
        ("/potential", garbage, "card.toml, line 1"),
    ] {
        let message = refusal(&[(pointer, value)]);
        assert!(message.contains(words), "{pointer} {value}: {message}");
    }
}

#[test]
fn unknown_fields_are_refused() {
    let mut value = serde_json::to_value(short()).unwrap();
    value["timestep"] = 2.into();
    let message = serde_json::from_value::<RunSpec>(value).unwrap_err().to_string();
    assert!(message.contains("timestep_fs"), "{message}");
}

/// A run of a file called `name` with the gallery's first potential as an `.mtp` of the user's.
fn own_files(name: &str, text: &str) -> Result<Run> {
    run_of(["mine.almtp", name], [&file("cacl2-kcl/potential.almtp")?, text.as_bytes()])
}

/// A run of a potential for K, Ca and Cl and a structure.
fn run_of(names: [&str; 2], contents: [&[u8]; 2]) -> Result<Run> {
    let [potential, structure] = names.map(str::to_owned);
    let mut spec = short();
    let species = ["K", "Ca", "Cl"].map(str::to_owned).to_vec();
    spec.potential = PotentialSpec::Mtp { file: potential, species };
    spec.structure = StructureSpec::File { file: structure, configuration: 0, repeat: [1; 3] };
    spec.prepare.relax_steps = 0;
    Run::new(spec, &|asked| match names.iter().position(|name| *name == asked) {
        Some(place) => Ok(contents[place].to_vec()),
        None => file(asked),
    })
}

const NAMED: &str = "4\nLattice=\"12 0 0 0 12 0 0 0 12\" Properties=species:S:1:pos:R:3 pbc=\"T T T\"\n\
                     Cl 0 0 0\nK 3.1 0 0\nCl 6 6 0\nK 9.1 6 0\n";

#[test]
fn own_structures_are_matched_by_element_or_by_number() {
    let run = own_files("salt.extxyz", NAMED).unwrap();
    assert_eq!(run.frame().types, [2, 0, 2, 0]);
    assert!(run.stage() == Stage::WarmUp && run.frame().species.len() == 3);
    let numbered = "BEGIN_CFG\n Size\n 2\n Supercell\n 12 0 0\n 0 12 0\n 0 0 12\n\
                    AtomData: id type cartes_x cartes_y cartes_z\n 1 1 0 0 0\n 2 2 3 0 0\nEND_CFG\n";
    assert_eq!(own_files("salt.cfg", numbered).unwrap().frame().types, [1, 2]);
    let numbered = NAMED.replace("Cl ", "2 ").replace("K ", "0 ");
    assert_eq!(own_files("salt.extxyz", &numbered).unwrap().frame().types, [2, 0, 2, 0]);
}

#[test]
fn a_name_counts_before_its_element() {
    let first_type = |species: [&str; 2]| {
        let spec = unprepared(|spec| {
            if let PotentialSpec::LennardJones { species: own, .. } = &mut spec.potential {
                *own = species.map(str::to_owned).to_vec();
            }
        });
        Run::new(spec, &file).map(|run| run.frame().types[0])
    };
    assert_eq!(first_type(["Ar1", "Ar"]), Ok(1));
    assert_eq!(first_type(["Kr", "Ar1"]), Ok(1));
    let message = first_type(["Ar1", "Ar2"]).unwrap_err().to_string();
    assert!(message.contains("\"Ar\"") && message.contains("Ar1, Ar2"), "{message}");
}

/// Its cell is none, and yet the same cell again.
#[test]
fn a_cluster_goes_on_from_its_checkpoint() {
    let start = || {
        let file = "cluster.xyz".to_owned();
        let structure = StructureSpec::File { file, configuration: 0, repeat: [1; 3] };
        let atoms = |_: &str| -> Result<Vec<u8>> { Ok(b"3\n\nAr 0 0 0\nAr 3.8 0 0\nAr 0 3.8 0\n".to_vec()) };
        Run::new(unprepared(|spec| spec.structure = structure), &atoms).unwrap()
    };
    let (mut whole, mut first, mut second) = (start(), start(), start());
    to_the_end(&mut whole);
    advance(&mut first, 7).unwrap();
    second.restore(&first.checkpoint().unwrap()).unwrap();
    to_the_end(&mut second);
    assert_eq!(whole.frame(), second.frame());
}

#[test]
fn own_structures_that_do_not_fit_are_refused() {
    let message = |text: &str| own_files("salt.extxyz", text).err().unwrap().to_string();
    let strange = message(&NAMED.replace("Cl 0", "Br 0"));
    assert!(strange.contains("Br") && strange.contains("K, Ca, Cl"), "{strange}");
    let unknown = message(&NAMED.replace("Cl ", "3 ").replace("K ", "0 "));
    assert!(unknown.contains("\"3\"") && unknown.contains("numbers [0, 1, 2]"), "{unknown}");
    // One name that says nothing does not make numbers of the others.
    for name in ["CL", "1"] {
        let strange = message(&NAMED.replace("Cl ", &format!("{name} ")));
        assert!(strange.contains(&format!("\"{name}\"")) && strange.contains("K, Ca, Cl"), "{strange}");
    }
    let data = "salt\n\n2 atoms\n2 atom types\n0 12 xlo xhi\n0 12 ylo yhi\n0 12 zlo zhi\n\nMasses\n\n1 39.1 # K\n\
                2 35.45 # chloride\n\nAtoms # atomic\n\n1 1 0 0 0\n2 2 3.1 0 0\n";
    let strange = own_files("salt.data", data).err().unwrap().to_string();
    assert!(strange.contains("\"chloride\"") && strange.contains("K, Ca, Cl"), "{strange}");
    let overlapping = message(&NAMED.replace("K 3.1 0 0", "K 0.1 0 0"));
    assert!(overlapping.contains("atom 1 (Cl) and atom 2 (K), 0.100 Å apart"), "{overlapping}");
}

#[test]
fn a_card_s_ions_are_neutral_in_structures_of_the_user_s_too() {
    let run = |text: &str| {
        let mut spec = short();
        spec.structure = StructureSpec::File { file: "own.extxyz".to_owned(), configuration: 0, repeat: [2, 1, 1] };
        spec.prepare.relax_steps = 0;
        Run::new(spec, &|name| if name == "own.extxyz" { Ok(text.as_bytes().to_vec()) } else { file(name) })
    };
    assert!(run(NAMED).is_ok());
    let charged = NAMED.replace("Cl 6 6 0", "K 6 6 0");
    let message = run(&charged).err().unwrap().to_string();
    assert!(message.contains("charge of the cell of own.extxyz: found +4 e: 6 K of +1 e, 2 Cl of -1 e"), "{message}");
    // Of a potential without a card it is not known whether it is for ions, nor of what charge.
    let own = own_files("salt.extxyz", &charged).unwrap();
    assert_eq!(own.frame().ionic_charge(), Some(2.0));
}

#[test]
fn a_barostat_has_its_full_name_as_well() {
    let kind = |name: &str| {
        let mut value = serde_json::to_value(short()).unwrap();
        value["barostat"] = serde_json::json!({ "kind": name });
        serde_json::from_value::<RunSpec>(value).map(|spec| spec.barostat.kind)
    };
    assert_eq!(kind("martyna-tobias-klein").unwrap(), kind("mtk").unwrap());
    assert!(kind("martyna").is_err());
}
