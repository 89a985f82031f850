//! The simulation cell: three lattice vectors, each periodic or not.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::math::{Mat3, Vec3};

/// A triclinic cell of either handedness. Vectors that are not periodic are unit vectors normal to the others and only
/// complete the frame.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    vectors: Mat3,
    inverse: Mat3,
    periodic: [bool; 3],
}

impl Cell {
    /// A cell from its lattice vectors in Å; `None` stands for a direction without periodicity.
    ///
    /// # Errors
    /// A vector that is not finite, or periodic vectors that span no volume (area, length).
    pub fn new(vectors: [Option<Vec3>; 3]) -> Result<Self> {
        let periodic = vectors.map(|v| v.is_some());
        if vectors.iter().flatten().any(|v| !v.iter().all(|x| x.is_finite())) {
            return Err(Error::invalid("cell", "a lattice vector that is not finite", "finite numbers in Å"));
        }
        let completed = complete_frame(vectors);
        let matrix = Mat3::from_columns(&completed);
        let size: f64 = completed.iter().map(|v| v.norm()).product();
        let inverse = matrix.try_inverse();
        match inverse {
            Some(inverse) if size > 0.0 && matrix.determinant().abs() > 1e-9 * size => {
                Ok(Self { vectors: matrix, inverse, periodic })
            }
            _ => Err(Error::invalid("cell", "lattice vectors that span no volume", "linearly independent vectors")),
        }
    }

    /// An orthorhombic periodic cell with edges in Å.
    ///
    /// # Errors
    /// An edge that is not positive and finite.
    pub fn orthorhombic(a: f64, b: f64, c: f64) -> Result<Self> {
        Self::new([Some(Vec3::new(a, 0.0, 0.0)), Some(Vec3::new(0.0, b, 0.0)), Some(Vec3::new(0.0, 0.0, c))])
    }

    /// No periodicity at all.
    pub fn open() -> Self {
        Self { vectors: Mat3::identity(), inverse: Mat3::identity(), periodic: [false; 3] }
    }

    /// Lattice vectors as columns, Å.
    pub fn vectors(&self) -> &Mat3 {
        &self.vectors
    }

    /// The matrix that takes Cartesian to fractional coordinates.
    pub fn inverse(&self) -> &Mat3 {
        &self.inverse
    }

    /// Which directions repeat.
    pub fn periodic(&self) -> [bool; 3] {
        self.periodic
    }

    /// Whether all three directions repeat.
    pub fn is_bulk(&self) -> bool {
        self.periodic == [true; 3]
    }

    /// Volume in Å^3 of a cell that is periodic in all directions, else `None`.
    pub fn volume(&self) -> Option<f64> {
        self.is_bulk().then(|| self.vectors.determinant().abs())
    }

    /// Fractional coordinates of a position.
    pub fn fractional(&self, position: &Vec3) -> Vec3 {
        self.inverse * position
    }

    /// The position at fractional coordinates.
    pub fn cartesian(&self, fractional: &Vec3) -> Vec3 {
        self.vectors * fractional
    }

    /// The position's image inside the cell, along the periodic directions.
    pub fn wrap(&self, position: &Vec3) -> Vec3 {
        let s = self.fractional(position);
        let mut wrapped = *position;
        for k in 0..3 {
            if self.periodic[k] {
                wrapped -= self.vectors.column(k) * s[k].floor();
            }
        }
        wrapped
    }

    /// Distances between opposite faces in Å; infinite where the direction does not repeat.
    pub fn face_distances(&self) -> [f64; 3] {
        std::array::from_fn(|k| if self.periodic[k] { 1.0 / self.inverse.row(k).norm() } else { f64::INFINITY })
    }

    /// The same cell with every lattice vector mapped by `strain` (identity: no change).
    ///
    /// # Errors
    /// A deformation that leaves no volume.
    pub fn deformed(&self, strain: &Mat3) -> Result<Self> {
        let mapped = strain * self.vectors;
        Self::new(std::array::from_fn(|k| self.periodic[k].then(|| mapped.column(k).into_owned())))
    }
}

/// Fills missing vectors with unit vectors normal to those that are there.
fn complete_frame(vectors: [Option<Vec3>; 3]) -> [Vec3; 3] {
    let mut frame = vectors;
    while let Some(missing) = frame.iter().position(Option::is_none) {
        let present: Vec<Vec3> = frame.iter().flatten().copied().collect();
        let normal = match present[..] {
            // The axes, as in `Cell::open`.
            [] => return [Vec3::x(), Vec3::y(), Vec3::z()],
            [a] => a.cross(&least_aligned_axis(&a)),
            [a, b, ..] => a.cross(&b),
        };
        frame[missing] = Some(normal.try_normalize(0.0).unwrap_or_else(Vec3::zeros));
    }
    frame.map(|v| v.unwrap_or_else(Vec3::zeros))
}

fn least_aligned_axis(v: &Vec3) -> Vec3 {
    let mut axis = Vec3::zeros();
    axis[v.iamin()] = 1.0;
    axis
}
