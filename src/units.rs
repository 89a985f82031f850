//! Internal units and every conversion out of them.
//!
//! | quantity | internal unit |
//! |---|---|
//! | length | Å |
//! | energy | eV |
//! | time | fs |
//! | mass | u |
//! | temperature | K |
//! | charge | e |
//! | velocity | Å/fs |
//! | pressure | eV/Å^3 |
//!
//! Constants are CODATA 2018 (doi:10.1103/RevModPhys.93.025010).

/// Boltzmann constant, eV/K.
pub const BOLTZMANN: f64 = 8.617333262e-5;
/// One u Å^2/fs^2 in eV: kinetic energy is `0.5 * m * v^2 * MASS_VELOCITY2_TO_EV`.
pub const MASS_VELOCITY2_TO_EV: f64 = 103.642_696_562_621_75;
/// One eV/(Å u) in Å/fs^2: acceleration is `force / mass * FORCE_PER_MASS`.
pub const FORCE_PER_MASS: f64 = 1.0 / MASS_VELOCITY2_TO_EV;
/// One eV/Å^3 in GPa.
pub const EV_PER_A3_TO_GPA: f64 = 160.217_663_4;
/// One u/Å^3 in g/cm^3.
pub const U_PER_A3_TO_G_PER_CM3: f64 = 1.660_539_066_6;
/// One ps in fs.
pub const PS_TO_FS: f64 = 1000.0;
/// Avogadro's constant, 1/mol.
pub const AVOGADRO: f64 = 6.022_140_76e23;
/// One eV in J.
pub const EV_TO_J: f64 = 1.602_176_634e-19;
/// Coulomb's constant e^2/(4 pi epsilon_0), eV Å.
pub const COULOMB: f64 = 14.399_645_478;
/// Molar gas constant, J/(mol K).
pub const GAS_CONSTANT: f64 = 8.314_462_618;
/// One Hartree in eV.
pub const HARTREE: f64 = 27.211_386_245_988;
/// One Rydberg in eV.
pub const RYDBERG: f64 = 0.5 * HARTREE;
/// One bohr in Å.
pub const BOHR: f64 = 0.529_177_210_903;
/// One kbar in eV/Å^3.
pub const KILOBAR: f64 = 0.1 / EV_PER_A3_TO_GPA;
/// One bar in eV/Å^3.
pub const BAR: f64 = 1e-4 / EV_PER_A3_TO_GPA;
/// One standard atmosphere in eV/Å^3.
pub const ATMOSPHERE: f64 = 1.013_25 * BAR;
/// One kcal/mol in eV.
pub const KCAL_PER_MOL: f64 = 4184.0 / (AVOGADRO * EV_TO_J);
