//! Vectors, SIMD lanes, seeded random numbers, statistics.

pub mod lanes;
pub mod rng;
pub mod statistics;

/// A vector in Å, Å/fs or eV/Å, as its context says.
pub type Vec3 = nalgebra::Vector3<f64>;
/// A 3x3 matrix; cells keep their lattice vectors as columns.
pub type Mat3 = nalgebra::Matrix3<f64>;
