//! Structure files: round trips, rotated cells for LAMMPS, active sets, and the quirks of real files.

use crucible::fitting::{Fit, FitSpec};
use crucible::io::lammps::LammpsFrame;
use crucible::io::{
    Configuration, StructureFormat, read_almtp, read_cfg, read_extxyz, read_lammps_data, read_mtp, read_poscar,
    read_structure, read_trajectory, unite_species, write_almtp, write_extxyz, write_lammps_data, write_lammps_dump,
    write_mtp, write_poscar, write_structure,
};
use crucible::math::{Mat3, Vec3};
use crucible::neighbor::NeighborList;
use crucible::potential::mtp::MtpPotential;
use crucible::potential::{Evaluation, Potential};
use crucible::system::{Species, System};

use crate::fitting::{data_set, labelled_by, teacher};
use crate::reference::{self, text};

/// The reference structures of two species, named K and Cl, with velocities on the first.
fn structures() -> Vec<Configuration> {
    let species = ["K", "Cl"].map(|name| Species::from_name(name).expect("an element"));
    let file = reference::tree().join("configs/S2.cfg");
    let mut structures = read_cfg(&text(&file), "S2.cfg", &species).expect("a reference file");
    let first = &mut structures[0].system;
    first.velocities = first.positions.iter().map(|p| Vec3::new(p.y, -p.z, p.x) * 1e-4).collect();
    structures
}

fn evaluate(system: &System) -> Evaluation {
    let file = reference::tree().join("potentials/G_L08_S2.mtp");
    let parameters = read_mtp(&text(&file), "G_L08_S2.mtp").expect("a reference file");
    let mut potential = MtpPotential::new(parameters).expect("a potential");
    let mut neighbors = NeighborList::new(potential.cutoff(), 0.0).expect("a list");
    neighbors.update(system).expect("neighbours");
    let mut evaluation = Evaluation::default();
    potential.evaluate(system, &neighbors, &mut evaluation).expect("an evaluation");
    evaluation
}

/// Fails unless both have the same site energies, and forces that differ by `rotation` only.
fn assert_same_physics(a: &System, b: &System, rotation: &Mat3, what: &str) {
    let (before, after) = (evaluate(a), evaluate(b));
    let scale = before.forces.iter().map(|f| f.amax()).fold(1.0, f64::max);
    for i in 0..a.len() {
        // Rotated coordinates carry rounding of 1e-15 Å, which forces and their derivatives (up to 1e4) amplify.
        assert!((before.site_energies[i] - after.site_energies[i]).abs() < 1e-10 * scale, "{what}: atom {i}");
        assert!((rotation * before.forces[i] - after.forces[i]).amax() < 1e-9 * scale, "{what}: force {i}");
    }
}

#[test]
fn extxyz_round_trip_is_exact() {
    let mut written = structures();
    for configuration in &mut written {
        let evaluation = evaluate(&configuration.system);
        configuration.energy = Some(evaluation.energy());
        configuration.plus_stress = Some(evaluation.virial);
        configuration.features = vec![("note".into(), "a \"quoted\" = [text] \\ of\ntwo lines".into())];
        configuration.columns = vec![("nbh_grades".into(), evaluation.site_energies.clone())];
        configuration.forces = Some(evaluation.forces);
        configuration.site_energies = Some(evaluation.site_energies);
    }
    let read = read_extxyz(&write_extxyz(&written), "written").expect("a written file");
    assert_eq!(read.len(), written.len());
    for (read, mut written) in read.into_iter().zip(written) {
        // The species that a frame has, in order of first appearance; the others are not in the file.
        let names = |c: &Configuration| -> Vec<String> {
            c.system.types.iter().map(|&t| c.system.species[t as usize].name.clone()).collect()
        };
        assert_eq!(names(&read), names(&written));
        written.system.species = read.system.species.clone();
        written.system.types = read.system.types.clone();
        assert_eq!(read, written);
    }
}

#[test]
fn lammps_data_of_any_cell_keeps_the_physics() {
    for configuration in structures() {
        let system = &configuration.system;
        let name = configuration.name.as_deref().unwrap_or_default();
        let file = write_lammps_data(system).expect("a cell with volume");
        let read = read_lammps_data(&file, name).expect("a written file").system;
        let frame = LammpsFrame::new(system).expect("a cell with volume");
        // A proper rotation: nothing is mirrored, also where the cell was left-handed. Nine products round to 1e-15.
        assert!((frame.rotation * frame.rotation.transpose() - Mat3::identity()).amax() < 1e-14, "{name}");
        assert!((frame.rotation.determinant() - 1.0).abs() < 1e-14, "{name}");
        assert_eq!(read.cell.periodic(), system.cell.periodic(), "{name}");
        let vectors = read.cell.vectors();
        if read.cell.is_bulk() {
            assert!(vectors[(1, 0)] == 0.0 && vectors[(2, 0)] == 0.0 && vectors[(2, 1)] == 0.0, "{name}");
            assert!(vectors.diagonal().iter().all(|&x| x > 0.0), "{name}");
            let (lx, ly) = (vectors[(0, 0)], vectors[(1, 1)]);
            // Up to half a box, give or take the rounding of the subtraction.
            assert!(vectors[(0, 1)].abs() <= lx * (0.5 + 1e-12) && vectors[(0, 2)].abs() <= lx * (0.5 + 1e-12));
            assert!(vectors[(1, 2)].abs() <= ly * (0.5 + 1e-12), "{name}");
        }
        assert_same_physics(system, &read, &frame.rotation, name);
        for (a, b) in system.velocities.iter().zip(&read.velocities) {
            // 1000 Å/ps per Å/fs and back rounds twice.
            assert!((frame.rotation * a - b).amax() < 1e-15, "{name}");
        }
    }
}

#[test]
fn the_left_handed_reference_cell_is_left_handed() {
    let determinants: Vec<f64> = structures().iter().map(|c| c.system.cell.vectors().determinant()).collect();
    assert!(determinants.iter().any(|d| *d < 0.0));
}

#[test]
fn lammps_dump_states_the_bounding_box_of_a_tilted_cell() {
    let configuration = structures().into_iter().find(|c| c.name.as_deref() == Some("triclinic17")).expect("there");
    let system = &configuration.system;
    let dump = write_lammps_dump(system, 42).expect("a cell with volume");
    let lines: Vec<&str> = dump.lines().collect();
    assert_eq!(lines[1], "42");
    assert_eq!(lines[3], "17");
    assert_eq!(lines[4], "ITEM: BOX BOUNDS xy xz yz pp pp pp");
    let rows: Vec<Vec<f64>> =
        lines[5..8].iter().map(|l| l.split(' ').map(|x| x.parse().expect("a number")).collect()).collect();
    let [xy, xz, yz] = [rows[0][2], rows[1][2], rows[2][2]];
    // As LAMMPS's manual defines xlo_bound and so on.
    let lx = rows[0][1] - rows[0][0] - (0.0_f64.max(xy).max(xz).max(xy + xz) - 0.0_f64.min(xy).min(xz).min(xy + xz));
    let ly = rows[1][1] - rows[1][0] - yz.abs();
    let lz = rows[2][1] - rows[2][0];
    let volume = system.cell.volume().expect("bulk");
    // Three differences and products of numbers of order 10.
    assert!((lx * ly * lz - volume).abs() < 1e-12 * volume);
    assert_eq!(lines[8], "ITEM: ATOMS id type element xu yu zu");
    assert_eq!(lines.len(), 9 + 17);
    assert!(lines[9].starts_with("1 2 Cl ") || lines[9].starts_with("1 1 K "));
}

#[test]
fn poscar_round_trip_keeps_the_crystal() {
    for configuration in structures().into_iter().filter(|c| c.system.cell.is_bulk()) {
        let written = write_poscar(&configuration).expect("a bulk cell");
        let read = read_poscar(&written, "POSCAR").expect("a written file").system;
        let system = &configuration.system;
        let mut order: Vec<usize> = (0..system.len()).collect();
        order.sort_by_key(|&i| system.types[i]);
        assert_eq!(read.cell, system.cell);
        for (row, &i) in order.iter().enumerate() {
            assert_eq!(read.positions[row], system.positions[i]);
            assert_eq!(read.velocities[row], system.velocities[i]);
            assert_eq!(read.species[read.types[row] as usize], system.species[system.types[i] as usize]);
        }
    }
    let open = structures().into_iter().find(|c| !c.system.cell.is_bulk()).expect("a cluster");
    assert!(write_poscar(&open).is_err());
}

#[test]
fn poscar_variants_read() {
    let direct =
        "salt\n -125.0\n1 0 0\n0 1 0\n0 0 1\nK Cl\n1 1\nSelective dynamics\nDirect\n0 0 0 T T F\n.5 .5 .5 F F F\n";
    let system = read_poscar(direct, "POSCAR").expect("a valid file").system;
    // A volume of 125 Å^3 is a cube of 5 Å; a cube root rounds once.
    assert!((system.positions[1] - Vec3::repeat(2.5)).amax() < 1e-14);
    assert_eq!(system.species[1].name, "Cl");
    let old = "K Cl\n2.0\n2 0 0\n0 2 0\n0 0 2\n1 1\nCartesian\n0 0 0\n1 1 1\n\n0.1 0 0\n0 0 -0.1\n";
    let system = read_poscar(old, "POSCAR").expect("a valid file").system;
    assert_eq!(system.positions[1], Vec3::repeat(2.0));
    assert_eq!(system.velocities[1].z, -0.1);
    assert_eq!(system.species[0].name, "K");
}

#[test]
fn lammps_styles_and_images_read() {
    let file = "title\n\n2 atoms\n2 atom types\n0 bonds\n\n0 10 xlo xhi\n0 10 ylo yhi\n0 10 zlo zhi\n\nMasses\n\n1 39.0983\n2 35.453 # Cl\n\n\
        Pair Coeffs # lj/cut\n\n1 0.1 3.0\n\nAtoms # full\n\n2 1 2 -1.0 5 5 5 0 0 -1\n1 1 1 1.0 0 0 0 1 0 0\n\nVelocities\n\n1 1 0 0\n2 0 2 0\n";
    let system = read_lammps_data(file, "in.data").expect("a valid file").system;
    assert_eq!(system.positions, [Vec3::new(10.0, 0.0, 0.0), Vec3::new(5.0, 5.0, -5.0)]);
    assert_eq!(system.velocities[1], Vec3::new(0.0, 0.002, 0.0));
    let names: Vec<&str> = system.species.iter().map(|s| s.name.as_str()).collect();
    assert_eq!(names, ["K", "Cl"]);
}

#[test]
fn lammps_data_are_in_the_units_that_their_title_says() {
    let read = |title: &str| {
        let file = format!(
            "{title}\n\n1 atoms\n1 atom types\n\n0 10 xlo xhi\n0 10 ylo yhi\n0 10 zlo zhi\n\nMasses\n\n1 39.948\n\n\
             Atoms # atomic\n\n1 1 1 2 3\n\nVelocities\n\n1 2 0 0\n"
        );
        read_lammps_data(&file, "in.data").map(|read| read.system)
    };
    let by_lammps =
        |units: &str| format!("LAMMPS data file via write_data, version 29 Aug 2024, timestep = 5, units = {units}");
    let metal = [
        "# Crucible, units metal, boundary p p p",
        "argon in metal units",
        "formula units = 8",
        "formula units = KCl",
        "8 formula units of argon",
    ];
    let real = ["units real", "Units: real", "argon (real units), 8 formula units"];
    let metal = metal.map(str::to_owned).into_iter().chain(["metal", "own"].map(by_lammps));
    let real = real.map(str::to_owned).into_iter().chain([by_lammps("real")]);
    for (title, velocity) in metal.map(|title| (title, 0.002)).chain(real.map(|title| (title, 2.0))) {
        let system = read(&title).expect("known units");
        assert_eq!(system.positions, [Vec3::new(1.0, 2.0, 3.0)], "{title}");
        assert_eq!(system.velocities, [Vec3::new(velocity, 0.0, 0.0)], "{title}");
    }
    for title in [by_lammps("lj"), "units si".to_owned(), "argon, LJ units".to_owned()] {
        let refused = read(&title).expect_err("other units").to_string();
        assert!(refused.contains("line 1") && refused.contains("metal or real"), "{refused}");
    }
}

#[test]
fn a_style_of_atoms_that_can_not_be_told_is_asked_for() {
    let read = |style: &str, second: &str| {
        let file = format!(
            "title\n\n2 atoms\n2 atom types\n\n0 10 xlo xhi\n0 10 ylo yhi\n0 10 zlo zhi\n\nMasses\n\n1 39.0983\n2 35.453\n\n\
             Atoms{style}\n\n1 1 1 0 0 0\n2 1 {second} 5 5 5\n"
        );
        read_lammps_data(&file, "in.data").map(|read| read.system.types)
    };
    let refused = read("", "2").expect_err("two styles").to_string();
    assert!(refused.contains("line 15") && refused.contains("Atoms # molecular"), "{refused}");
    assert_eq!(read(" # molecular", "2"), Ok(vec![0, 1]));
    assert_eq!(read(" # charge", "2"), Ok(vec![0, 0]));
    // No type is called so: these are charges.
    for charge in ["-1", "0", "1.0"] {
        assert_eq!(read("", charge), Ok(vec![0, 0]), "{charge}");
    }
}

#[test]
fn active_sets_read_in_both_modes() {
    for name in ["L08_S2_nbh.almtp", "L08_S2_cfg.als"] {
        let bytes = std::fs::read(reference::tree().join("grades").join(name)).expect("a reference file");
        let almtp = read_almtp(&bytes, name).expect("a reference file");
        let n = almtp.parameters.parameter_count();
        assert_eq!(n, 75);
        let set = almtp.active_set.as_ref().expect("an active set");
        assert_eq!(set.weights.site_energy, if name.contains("nbh") { 1.0 } else { 0.0 });
        let entry = |row: usize, column: usize| -> f64 {
            (0..n).map(|k| set.matrix[row * n + k] * set.inverse[k * n + column]).sum()
        };
        // A is far from singular but ill-conditioned: entries of A^-1 reach some 1e3 beside entries of A of some 1e2.
        let worst = (0..n * n)
            .map(|k| (entry(k / n, k % n) - if k / n == k % n { 1.0 } else { 0.0 }).abs())
            .fold(0.0, f64::max);
        assert!(worst < 1e-6, "{name}: A A^-1 differs from 1 by {worst}");
        let dummies = set.origins.iter().filter(|origin| origin.is_none()).count();
        assert_eq!(dummies, 3);
        let again = read_almtp(&write_almtp(&almtp), name).expect("a written file");
        assert_eq!(again.active_set.as_ref().map(|s| &s.inverse), Some(&set.inverse));
        if name.ends_with(".almtp") {
            assert_eq!(again, almtp);
        }
    }
}

#[test]
fn cut_active_sets_are_errors() {
    let bytes = std::fs::read(reference::tree().join("grades/L08_S2_nbh.almtp")).expect("a reference file");
    let mark = bytes.windows(6).position(|w| w == b"\n#MVS_").expect("the mark");
    // Behind the last END_CFG there is only white space.
    for end in (mark + 12..bytes.len() - 10).step_by(977) {
        assert!(read_almtp(&bytes[..end], "cut").is_err(), "cut at {end}");
    }
}

#[test]
fn line_ends_tabs_and_a_byte_order_mark_change_nothing() {
    let potential = text(&reference::tree().join("potentials/G_L16_S2.mtp"));
    let plain = read_mtp(&potential, "plain").expect("a reference file");
    let odd = format!("\u{feff}{}", potential.replace('\n', " \t\r\n").replace(" = ", "\t=\t ").replace(", ", ",\t"));
    assert_eq!(read_mtp(&odd, "odd").expect("the same file"), plain);
    let file = text(&reference::tree().join("configs/S3.cfg"));
    let plain = read_cfg(&file, "plain", &[]).expect("a reference file");
    let odd = file.replace('\n', "\t\r\n").replace("    ", "\t");
    assert_eq!(read_cfg(&odd, "odd", &[]).expect("the same file"), plain);
}

#[test]
fn mlip3_keys_and_labels_with_gaps_read() {
    let potential = text(&reference::tree().join("potentials/G_L08_S2.mtp"));
    let plain = read_mtp(&potential, "plain").expect("a reference file");
    let renamed = potential
        .replace("min_dist", "min_val")
        .replace("max_dist", "max_val")
        .replace("radial_basis_size", "basis_size");
    assert_eq!(read_mtp(&renamed, "renamed").expect("MLIP-3 keys"), plain);
    let gaps = ["0-0", "0-1", "1-0", "1-1"].iter().zip(["3-3", "3-17", "17-3", "17-17"]);
    let gapped =
        gaps.fold(potential, |file, (label, gap)| file.replace(&format!("\t{label}\n"), &format!("\t{gap}\n")));
    let gapped = read_mtp(&gapped, "gaps").expect("labels with gaps");
    assert_eq!(gapped.species_labels, [3, 17]);
    assert_eq!(gapped.radial_coeffs, plain.radial_coeffs);
    assert_eq!(read_mtp(&write_mtp(&gapped), "written").expect("a written file"), gapped);
    let template = text(&reference::tree().join("potentials/G_L08_S2_untrained.mtp"));
    let template = template.replace("species_count = 2", "species_count = 0");
    let template = read_mtp(&template, "template").expect("a template without species");
    assert_eq!((template.species_count, template.radial_coeffs.len()), (0, 0));
    let data = data_set(labelled_by(&teacher(), 24)).expect("good data");
    let spec = FitSpec { starts: 1, max_iterations: 1, ..FitSpec::default() };
    let mut fit = Fit::new(template, data, spec).expect("a fit of the data's species");
    fit.advance(&mut || false).expect("a step");
    assert_eq!(fit.potential().expect("a potential").species_count, 2);
}

#[test]
fn a_poscar_names_its_species() {
    let numbered = read_cfg(&text(&reference::tree().join("configs/S2.cfg")), "S2.cfg", &[]).expect("a reference file");
    let refused = write_poscar(&numbered[0]).expect_err("numbers for names").to_string();
    assert!(refused.contains("--species"), "{refused}");
}

/// Whatever other programs call their columns, what is written can be read again.
#[test]
fn columns_and_lists_of_other_programs_are_kept() {
    let wide: String = (0..12).map(|k| format!(" {k}")).collect();
    let file = format!(
        "1\nLattice=[[9, 0, 0], [0, 9, 0], [0, 0, 9]] Properties=species:S:1:pos:R:3:id:I:1:type:I:1:soap:R:12 pbc=[T, T, F] \
         dipole=[1.0, 2.0, 3.0]\nK 1 2 3 7 4{wide}\n"
    );
    let read = read_extxyz(&file, "lists.extxyz").expect("columns and lists");
    let one = &read[0];
    assert_eq!(one.system.cell.periodic(), [true, true, false]);
    assert_eq!(one.features, [("dipole".to_owned(), "[1.0, 2.0, 3.0]".to_owned())]);
    assert!(one.columns.len() == 14 && one.columns[0] == ("id".to_owned(), vec![7.0]), "{:?}", one.columns);
    let open = "1\nnote=[draft range=[0,5) pbc=\"T T T\" Lattice=\"9 0 0 0 9 0 0 0 9\"\nK 0 0 0\n";
    let open = read_extxyz(open, "open").expect("a word for a list");
    assert!(open[0].system.cell.is_bulk() && open[0].features.len() == 2, "{:?}", open[0].features);
    let mut odd = read.clone();
    odd[0].columns.push(("my: col".to_owned(), vec![5.0]));
    // Features of .cfg may have names that are labels elsewhere.
    odd[0].energy = Some(-7.5);
    odd[0].features.extend([("energy", "-99"), ("stress", "hello"), ("pbc", "?")].map(|(k, v)| (k.into(), v.into())));
    for format in [StructureFormat::Cfg, StructureFormat::ExtXyz] {
        let text = write_structure(format, &odd).expect("a file");
        let again = read_structure(text.as_bytes(), "again").expect("the file again");
        let values = |all: &[Configuration]| all[0].columns.iter().map(|(_, v)| v.clone()).collect::<Vec<_>>();
        assert_eq!(values(&again), values(&odd), "{text}");
        assert_eq!((again[0].system.types.as_slice(), again[0].energy), (&[0][..], Some(-7.5)));
        assert_eq!(again[0].features.len(), odd[0].features.len(), "{text}");
    }
}

#[test]
fn cfg_variants_read() {
    let file = "BEGIN_CFG\nAtomData: id direct_x direct_y direct_z ghost\n1 0 0 0 false\n2 0.5 0.5 0.5 true\nFeature EFS_by VASP\n\
        Feature EFS_by again\nSize\n2\nVirial: xx xy xz yy yz zz\n1 2 3 4 5 6\nEnergy\n-3.5\nSupercell\n4 0 0\n0 4 0\n0 0 4\nEND_CFG\n";
    let read = read_cfg(file, "odd.cfg", &[]).expect("blocks in any order");
    let one = &read[0];
    assert_eq!(one.system.types, [0, 0]);
    assert_eq!(one.system.positions[1], Vec3::repeat(2.0));
    assert_eq!(one.plus_stress, Some(Mat3::new(1.0, 2.0, 3.0, 2.0, 4.0, 5.0, 3.0, 5.0, 6.0) * 64.0));
    assert_eq!(one.features, [("EFS_by".to_owned(), "VASP\nagain".to_owned())]);
    let negative = read_cfg(&file.replace("Virial", "Stress"), "odd.cfg", &[]).expect("the old sign");
    assert_eq!(negative[0].plus_stress.map(|s| s * -64.0), one.plus_stress);
}

#[test]
fn formats_are_known_by_name_and_by_content() {
    let all = structures();
    let bulk = vec![all[0].clone()];
    use StructureFormat::{Cfg, ExtXyz, LammpsData, LammpsDump, Poscar};
    for (format, name) in [(Cfg, "a.cfg"), (ExtXyz, "a.xyz"), (LammpsData, "a.data"), (Poscar, "POSCAR")] {
        let written = write_structure(format, &bulk).expect("one bulk structure");
        for file in [name, "nameless"] {
            let read = read_structure(written.as_bytes(), file).expect("a written file");
            assert_eq!(read[0].system.len(), bulk[0].system.len(), "{name} as {file}");
        }
    }
    assert!(write_structure(Poscar, &all).is_err());
    let dump = write_structure(LammpsDump, &all).expect("a trajectory");
    assert_eq!(dump.matches("ITEM: TIMESTEP").count(), all.len());
}

#[test]
fn a_dump_has_the_steps_and_times_of_its_snapshots() {
    let snapshot = |step: u64| {
        let features =
            vec![("step".to_owned(), step.to_string()), ("time_ps".to_owned(), (0.002 * step as f64).to_string())];
        Configuration { features, ..structures()[0].clone() }
    };
    let dump = write_structure(StructureFormat::LammpsDump, &[50, 100, 200].map(snapshot)).expect("three frames");
    let read = read_trajectory(dump.as_bytes(), "a.dump").expect("a written file");
    let steps: Vec<_> = read.iter().map(|frame| frame.step).collect();
    let times: Vec<_> = read.iter().map(|frame| frame.time_fs).collect();
    assert_eq!(steps, [Some(50), Some(100), Some(200)]);
    assert_eq!(times, [Some(100.0), Some(200.0), Some(400.0)]);
}

#[test]
fn numbers_that_stand_for_species_are_the_types() {
    let frame = |[a, b]: [&str; 2]| format!("2\nProperties=species:S:1:pos:R:3\n{a} 0 0 0\n{b} 0 0 2.7\n");
    let read = |text: &str| read_structure(text.as_bytes(), "a.extxyz");
    let types = |read: &[Configuration]| read.iter().map(|frame| frame.system.types.clone()).collect::<Vec<_>>();
    let mut numbered = read(&[frame(["1", "0"]), frame(["2", "1"])].concat()).expect("two frames");
    assert_eq!(types(&numbered), [[1, 0], [2, 1]]);
    let names = |species: Vec<Species>| species.into_iter().map(|species| species.name).collect::<Vec<_>>();
    assert_eq!(names(unite_species(&mut numbered, &[]).expect("numbers")), ["0", "1", "2"]);
    let elements = ["K", "Ca", "Cl"].map(str::to_owned);
    assert_eq!(names(unite_species(&mut numbered, &elements).expect("three elements")), elements);
    assert_eq!(types(&numbered), [[1, 0], [2, 1]]);
    // Elements count by appearance.
    assert_eq!(types(&read(&frame(["Cl", "K"])).expect("a frame")), [[0, 1]]);
    let refused = read(&frame(["256", "0"])).expect_err("too many types").to_string();
    assert!(refused.contains("below 256"), "{refused}");
}

/// What others write: LAMMPS counts its types from 1 in plain XYZ and its velocities by its own time; MACE has names of its own;
/// a grain boundary is none of the cell.
#[test]
fn files_of_other_programs_keep_their_meaning() {
    let lammps = "2\nAtoms. Timestep: 50\n1 0 0 0\n3 0 0 2.7\n";
    let read = read_structure(lammps.as_bytes(), "d.xyz").expect("a frame").remove(0);
    let names: Vec<&str> = read.system.types.iter().map(|&t| read.system.species[t as usize].name.as_str()).collect();
    assert_eq!(names, ["0", "2"]);
    // What is written again is numbered as everything is here.
    let again =
        read_structure(write_extxyz(std::slice::from_ref(&read)).as_bytes(), "d.extxyz").expect("a frame").remove(0);
    assert_eq!((&again.system.types, &again.features), (&read.system.types, &read.features));
    assert!(again.features.contains(&("step".to_owned(), "50".to_owned())), "{:?}", again.features);
    let moving = |key: &str| {
        let text =
            format!("1\nLattice=\"9 0 0 0 9 0 0 0 9\" Properties=species:S:1:pos:R:3:vel:R:3{key}\nAr 0 0 0 4.1 0 0\n");
        let read = read_extxyz(&text, "a").expect("a frame");
        let again = read_extxyz(&write_extxyz(&read), "a").expect("a frame").remove(0);
        assert_eq!(again.system.velocities, read[0].system.velocities, "{key}");
        again.system.velocities[0].x
    };
    assert!((moving("") - 4.1).abs() < 1e-15 && (moving(" Timestep=10") - 4.1e-3).abs() < 1e-15);
    let mace = "1\nProperties=species:S:1:pos:R:3:REF_forces:R:3\nAr 0 0 0 1 2 3\n";
    let columns = read_extxyz(mace, "a").expect("a frame").remove(0).columns;
    let named = |name: &str, value| (name.to_owned(), vec![value]);
    assert_eq!(columns, [named("REF_forces_1", 1.0), named("REF_forces_2", 2.0), named("REF_forces_3", 3.0)]);
    let data = |title: &str| {
        let text = format!(
            "{title}\n\n1 atoms\n1 atom types\n0 9 xlo xhi\n0 9 ylo yhi\n0 9 zlo zhi\n\nMasses\n\n1 39.95\n\nAtoms # atomic\n\n1 1 0 0 0\n"
        );
        read_structure(text.as_bytes(), "a.data").expect("an atom").remove(0).system.cell.periodic()
    };
    assert_eq!(data("a grain boundary of argon, made by hand"), [true; 3]);
    assert_eq!(data("boundary p p f"), [true, true, false]);
}

#[test]
fn the_training_data_of_the_shared_folder_reads() {
    let Some(folder) = reference::shared().map(|path| path.join("../dft")) else { return };
    for name in ["cacl2-kcl-dzvp.extxyz", "cacl2-kcl-tzv2p.extxyz"] {
        let frames = read_extxyz(&text(&folder.join(name)), name).expect("a shared file");
        assert!(frames.len() > 10);
        assert!(frames.iter().all(|f| f.energy.is_some() && f.forces.is_some() && f.name.is_some()));
        // Melts under pressure of their own: the sign of a stress in ASE's convention is opposite to PlusStress.
        assert!(frames.iter().all(|f| f.plus_stress.is_some()));
    }
}
