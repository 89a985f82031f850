//! What codes print where users set them up in their own way.

use crucible::io::read_extxyz;
use crucible::labelling::{Code, Label, collect, input_folders, read_cp2k, read_outcar, read_vasprun};

use super::{BOHR, CP2K, PW, STRUCTURE, forces, outcar, settings, structure, vasprun};

/// VASP 5 says that EDIFF is reached where it ran out of steps, too.
#[test]
fn an_outcar_that_used_all_its_steps_is_refused() {
    let steps = |n: u32| {
        format!(
            "   NELM   =      6;   NELMIN=  2; NELMDL= -5     # of ELM steps\n------- Iteration      1({n:4})  ------\n"
        )
    };
    assert!(read_outcar(&(steps(5) + &outcar()), "OUTCAR").is_ok());
    let refused = read_outcar(&(steps(6) + &outcar()), "OUTCAR").expect_err("no step left").to_string();
    assert!(refused.contains("limit of 6 steps"), "{refused}");
}

/// Atoms may have been sorted in any way between the structure and the POSCAR.
#[test]
fn vasp_s_atoms_are_known_by_their_places() {
    let settings = settings(Code::Vasp);
    let label = settings.read(&outcar(), "OUTCAR").expect("a label");
    let expected = settings.attach(&structure(), label.clone(), "OUTCAR").expect("its structure").forces;
    for order in [[1, 0, 2], [2, 1, 0], [0, 1, 2]] {
        let picked = |all: &[crucible::math::Vec3]| order.map(|k| all[k]).to_vec();
        let sorted = Label {
            forces: picked(&label.forces),
            elements: order.map(|k| label.elements[k].clone()).to_vec(),
            positions: label.positions.as_deref().map(picked),
            ..label.clone()
        };
        assert_eq!(settings.attach(&structure(), sorted, "OUTCAR").expect("its structure").forces, expected);
    }
}

#[test]
fn potentials_that_cut_the_symbol_are_known() {
    let symbols = |label: Label| label.elements;
    let outcar = outcar().replace("VRHFIN =Cl:", "VRHFIN =r:");
    assert_eq!(symbols(read_outcar(&outcar, "OUTCAR").expect("a label")), ["Zr", "Zr", "K"]);
    let xml = vasprun().replace("<c>Cl</c>", "<c>r </c>").replace("<c>K </c>", "<c>X </c>");
    assert_eq!(symbols(read_vasprun(&xml, "vasprun.xml").expect("a label")), ["Zr", "Zr", "Xe"]);
}

/// CP2K prints zeros for atoms that it was to hold, and says nothing else of it.
#[test]
fn forces_of_held_atoms_are_refused() {
    let held = CP2K.replace(
        "0.010000000000    -0.020000000000     0.030000000000",
        "0.000000000000     0.000000000000     0.000000000000",
    );
    let refused = read_cp2k(&held, "cp2k.out").expect_err("a held atom").to_string();
    assert!(refused.contains("1 of 3 atoms"), "{refused}");
    let still = read_cp2k(CP2K, "cp2k.out").expect("a label");
    assert!((still.forces[0] - forces()[0]).norm() < 1e-8);
}

/// Keys with capitals are other programs', in other units; ASE's energy beside a free energy is another one.
#[test]
fn energies_and_stresses_of_other_meaning_are_not_taken() {
    let with = |keys: &str| read_extxyz(&STRUCTURE.replace("name=sample", keys), "a").expect("a frame").remove(0);
    let other = with("Energy=-43.1 Stress=\"1 0 0 0 1 0 0 0 1\" Timestep=5");
    assert!(other.energy.is_none() && other.plus_stress.is_none());
    assert!(other.features.contains(&("Energy".to_owned(), "-43.1".to_owned())));
    assert_eq!(with("energy=-3.5 free_energy=-3.6").energy, Some(-3.6));
    assert_eq!(with("free_energy=-3.6 energy=-3.5").energy, Some(-3.6));
    assert_eq!(with("energy=-3.5").energy, Some(-3.5));
}

/// An output named after its structure counts, whatever lies beside it.
#[test]
fn named_outputs_count_beside_the_code_s_own() {
    let mut first = structure();
    first.name = Some("melt-1".to_owned());
    let files = ["runs/cp2k.out", "runs/melt-1.out", "runs/queue.out"].map(|name| (name.to_owned(), CP2K.into()));
    let mut second = first.clone();
    second.name = Some("melt-2".to_owned());
    let collected = collect(&files, &[first, second], &settings(Code::Cp2k)).expect("outputs");
    let names: Vec<_> = collected.labelled.iter().filter_map(|label| label.name.as_deref()).collect();
    assert!(names == ["melt-1"] && collected.failures.len() == 1, "{names:?} {:?}", collected.failures);
}

/// A label belongs to the cell that it was calculated in; titles may be in any encoding, stresses numerical.
#[test]
fn outputs_of_other_cells_are_refused_and_titles_are_in_any_encoding() {
    let volume = structure().system.cell.volume().expect("a cell");
    for (code, file, output, mark) in [
        (Code::Cp2k, "cp2k.out", CP2K.to_owned(), format!(" CELL| Volume [angstrom^3]: {volume:.3}\n")),
        (Code::Qe, "pw.out", PW.to_owned(), format!(" unit-cell volume = {:.4} (a.u.)^3\n", volume / BOHR.powi(3))),
        (Code::Vasp, "OUTCAR", outcar(), format!("  volume of cell :     {volume:.2}\n")),
        (
            Code::Vasp,
            "vasprun.xml",
            vasprun().replacen(
                "<varray",
                &format!("<structure><crystal><i name=\"volume\"> {volume:.8} </i></crystal></structure><varray"),
                1,
            ),
            String::new(),
        ),
    ] {
        let settings = settings(code);
        let text = mark + &output;
        let attach = |text: &str| settings.attach(&structure(), settings.read(text, file).expect("a label"), file);
        assert!(attach(&text).is_ok(), "{file}");
        let other = text.replacen(&format!("{volume:.2}"), &format!("{:.2}", 1.05 * volume), 1);
        let other = other.replacen(&format!("{:.3}", volume / BOHR.powi(3)), "3000.000", 1);
        let refused = attach(&other).expect_err("another cell").to_string();
        assert!(refused.contains("volume of the cell"), "{file}: {refused}");
    }
    let numerical = CP2K.replace("Analytical stress", "Numerical stress");
    assert!(read_cp2k(&numerical, "cp2k.out").expect("a label").pressure.is_some());
    let mut latin = b"K\xe4se.out".to_vec();
    latin.extend(CP2K.bytes());
    let files = [("sample.out".to_owned(), latin)];
    assert_eq!(collect(&files, &[structure()], &settings(Code::Cp2k)).expect("an output").labelled.len(), 1);
}

/// Comment lines of POSCARs are the same as a rule; names may be long.
#[test]
fn structures_of_one_name_have_folders_of_their_own() {
    let mut second = structure();
    second.system.positions[0].x += 0.1;
    second.name = structure().name;
    let mut long = second.clone();
    long.system.positions[0].x += 0.1;
    long.name = Some("x".repeat(400));
    let folders = input_folders(&[structure(), second, long], &settings(Code::Qe)).expect("inputs");
    let names: Vec<&str> = folders.iter().map(|folder| folder.name.as_str()).collect();
    assert!(names[1] == format!("{}-2", names[0]) && names[2].len() < 255, "{names:?}");
    let twice = input_folders(&[structure(), structure()], &settings(Code::Qe)).expect_err("a refusal").to_string();
    assert!(twice.contains("twice"), "{twice}");
}
