//! Vectors, SIMD lanes, seeded random numbers, statistics.

pub mod lanes;
pub mod rng;
pub mod statistics;

/// FNV-1a: tells bytes apart by accident, not by intent.
pub fn checksum(bytes: impl IntoIterator<Item = u8>) -> u64 {
    bytes.into_iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// A vector in Å, Å/fs or eV/Å, as its context says.
pub type Vec3 = nalgebra::Vector3<f64>;
/// A 3x3 matrix; cells keep their lattice vectors as columns.
pub type Mat3 = nalgebra::Matrix3<f64>;
