//! Laws over temperature: straight lines and Arrhenius' law, with the covariance of their parameters.
//!
//! ```text
//! y = a + b x            weighted least squares: (a, b) = C A^T W y,  C = (A^T W A)^-1,  W = 1/sigma^2
//! D = D_0 exp(-E/(R T))  a line of ln D, of error sigma_D/D, against 1/T:  E = -R b,  ln D_0 = a
//! ```
//!
//! With all errors known C is the parameters' covariance. Where an error is missing all points weigh the same, and C is
//! multiplied by the scatter about the line, `sum (y - a - b x)^2/(n - 2)`. Abscissae are taken from their weighted mean, so
//! that nothing is lost where all are alike.

use crate::error::{Error, Result};
use crate::units::GAS_CONSTANT;

/// A straight line with the errors of its parameters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LinearFit {
    /// Where the line is anchored: the abscissae's weighted mean.
    pub centre: f64,
    /// Its value there. Independent of the slope.
    pub value: f64,
    /// Its slope.
    pub slope: f64,
    /// Variance of `value`.
    pub value_variance: f64,
    /// Variance of `slope`.
    pub slope_variance: f64,
    /// Number of points.
    pub points: usize,
    /// Sum of squared deviations over their errors, by degree of freedom; `None` where there is none, or no errors.
    pub reduced_chi_squared: Option<f64>,
}

impl LinearFit {
    /// Fits a line to points with standard errors; `None` for an error makes all weigh the same.
    ///
    /// # Errors
    /// Fewer points than two (three without errors), all at the same abscissa, or numbers that are not finite.
    pub fn new(x: &[f64], y: &[f64], errors: &[Option<f64>]) -> Result<Self> {
        let known: Option<Vec<f64>> = errors.iter().map(|error| error.filter(|e| *e > 0.0 && e.is_finite())).collect();
        let n = x.len();
        let least = if known.is_some() { 2 } else { 3 };
        if n < least || y.len() != n || errors.len() != n {
            let expected = format!("at least {least}, each with a value and an error or none");
            return Err(Error::invalid("points of a fit", n, expected));
        }
        if x.iter().chain(y).any(|value| !value.is_finite()) {
            return Err(Error::invalid("points of a fit", "a value that is not finite", "numbers"));
        }
        let weights = known.as_ref().map_or_else(|| vec![1.0; n], |errors| errors.iter().map(|e| e.powi(-2)).collect());
        let total: f64 = weights.iter().sum();
        let mean = |values: &[f64]| weights.iter().zip(values).map(|(w, v)| w * v).sum::<f64>() / total;
        let (centre, value) = (mean(x), mean(y));
        let spread: f64 = weights.iter().zip(x).map(|(w, x)| w * (x - centre).powi(2)).sum();
        if spread <= 1e-24 * total * centre * centre {
            return Err(Error::invalid("points of a fit", "one abscissa", "at least two different ones"));
        }
        let product: f64 = (0..n).map(|i| weights[i] * (x[i] - centre) * (y[i] - value)).sum();
        let slope = product / spread;
        let squares: f64 = (0..n).map(|i| weights[i] * (y[i] - value - slope * (x[i] - centre)).powi(2)).sum();
        let scatter = if n > 2 { Some(squares / (n - 2) as f64) } else { None };
        let scale = if known.is_some() { 1.0 } else { scatter.unwrap_or(0.0) };
        Ok(Self {
            centre,
            value,
            slope,
            value_variance: scale / total,
            slope_variance: scale / spread,
            points: n,
            reduced_chi_squared: known.and(scatter),
        })
    }

    /// The line's value at `x` and its standard error.
    pub fn at(&self, x: f64) -> (f64, f64) {
        let d = x - self.centre;
        (self.value + self.slope * d, (self.value_variance + self.slope_variance * d * d).sqrt())
    }

    /// Covariance of the intercept at 0 and the slope: `[[var a, cov], [cov, var b]]`.
    pub fn covariance(&self) -> [[f64; 2]; 2] {
        let cross = -self.centre * self.slope_variance;
        let intercept = self.value_variance + self.centre * self.centre * self.slope_variance;
        [[intercept, cross], [cross, self.slope_variance]]
    }
}

/// Arrhenius' law with the errors of its parameters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ArrheniusFit {
    /// The line of ln(value) against 1/T, K.
    pub line: LinearFit,
}

impl ArrheniusFit {
    /// Fits positive values at temperatures in K.
    ///
    /// # Errors
    /// As [`LinearFit::new`]; a temperature or a value that is not positive.
    pub fn new(kelvin: &[f64], values: &[f64], errors: &[Option<f64>]) -> Result<Self> {
        if let Some(bad) = kelvin.iter().chain(values).find(|v| v.is_nan() || **v <= 0.0) {
            return Err(Error::invalid("points of an Arrhenius fit", bad, "positive temperatures and values"));
        }
        let x: Vec<f64> = kelvin.iter().map(|t| 1.0 / t).collect();
        let y: Vec<f64> = values.iter().map(|v| v.ln()).collect();
        let relative: Vec<Option<f64>> = errors.iter().zip(values).map(|(e, v)| e.map(|e| e / v)).collect();
        Ok(Self { line: LinearFit::new(&x, &y, &relative)? })
    }

    /// E of `exp(-E/(R T))` and its standard error, kJ/mol. Negative for what falls with temperature, such as viscosity.
    pub fn activation_energy(&self) -> (f64, f64) {
        let scale = 1e-3 * GAS_CONSTANT;
        (-scale * self.line.slope, scale * self.line.slope_variance.sqrt())
    }

    /// The factor before the exponential, and its standard error to first order.
    pub fn prefactor(&self) -> (f64, f64) {
        let (ln, error) = self.line.at(0.0);
        (ln.exp(), ln.exp() * error)
    }

    /// Covariance of ln(prefactor) and the energy in kJ/mol.
    pub fn covariance(&self) -> [[f64; 2]; 2] {
        let scale = -1e-3 * GAS_CONSTANT;
        let [[aa, ab], [_, bb]] = self.line.covariance();
        [[aa, scale * ab], [scale * ab, scale * scale * bb]]
    }

    /// The law's value at a temperature in K, and its standard error to first order.
    pub fn at(&self, kelvin: f64) -> (f64, f64) {
        let (ln, error) = self.line.at(1.0 / kelvin);
        (ln.exp(), ln.exp() * error)
    }
}

#[cfg(test)]
mod tests {
    use rand_distr::{Distribution, StandardNormal};

    use super::*;
    use crate::math::rng::seeded;

    #[test]
    fn points_on_a_line_give_the_line() {
        let x = [900.0, 1000.0, 1100.0, 1200.0];
        let y = x.map(|t| 2.0 - 5e-4 * t);
        let fit = LinearFit::new(&x, &y, &[Some(0.01), Some(0.02), Some(0.01), Some(0.03)]).unwrap();
        // Rounding alone.
        assert!((fit.slope + 5e-4).abs() < 1e-15 && (fit.at(0.0).0 - 2.0).abs() < 1e-12);
        assert!(fit.reduced_chi_squared.unwrap() < 1e-20);
    }

    /// Two equal points have the textbook's errors: sigma/sqrt(2) in the middle, sqrt(2) sigma/d in the slope.
    #[test]
    fn errors_are_propagated() {
        let fit = LinearFit::new(&[1.0, 3.0], &[5.0, 9.0], &[Some(0.2); 2]).unwrap();
        assert!((fit.at(2.0).1 - 0.2 / 2.0_f64.sqrt()).abs() < 1e-14);
        assert!((fit.slope_variance.sqrt() - 0.2 * 2.0_f64.sqrt() / 2.0).abs() < 1e-14);
        assert!((fit.at(1.0).1 - 0.2).abs() < 1e-14, "two parameters go through both points");
        let [[aa, ab], [_, bb]] = fit.covariance();
        assert!((aa + 2.0 * 3.0 * ab + 9.0 * bb - 0.04).abs() < 1e-14);
    }

    #[test]
    fn a_law_of_arrhenius_is_found() {
        let kelvin = [1000.0, 1100.0, 1250.0, 1400.0];
        let values = kelvin.map(|t: f64| 80.0 * (-25_000.0 / (GAS_CONSTANT * t)).exp());
        let fit = ArrheniusFit::new(&kelvin, &values, &values.map(|v| Some(0.01 * v))).unwrap();
        let (energy, error) = fit.activation_energy();
        assert!((energy - 25.0).abs() < 1e-10 && (fit.prefactor().0 - 80.0).abs() < 1e-9);
        assert!((fit.at(1100.0).0 - values[1]).abs() < 1e-12);
        assert!((fit.covariance()[1][1].sqrt() - error).abs() < 1e-12);
    }

    #[test]
    fn one_sigma_covers_two_thirds() {
        let kelvin = [1000.0, 1050.0, 1100.0, 1200.0, 1300.0];
        let mut rng = seeded(4, 0);
        let (mut within, mut without) = (0.0, 0.0);
        for _ in 0..2000 {
            let truth = kelvin.map(|t: f64| 80.0 * (-25_000.0 / (GAS_CONSTANT * t)).exp());
            let noisy = truth.map(|v| v * (1.0 + 0.03 * Distribution::<f64>::sample(&StandardNormal, &mut rng)));
            let (energy, error) =
                ArrheniusFit::new(&kelvin, &noisy, &truth.map(|v| Some(0.03 * v))).unwrap().activation_energy();
            within += f64::from((energy - 25.0).abs() < error) / 2000.0;
            let (energy, error) = ArrheniusFit::new(&kelvin, &noisy, &[None; 5]).unwrap().activation_energy();
            without += f64::from((energy - 25.0).abs() < error) / 2000.0;
        }
        println!("within: {within:.3} with errors, {without:.3} from the scatter");
        // 68.3 % to 1 %; with three degrees of freedom Student's t has 60.9 % within one.
        assert!((0.65..0.72).contains(&within) && (0.58..0.64).contains(&without), "{within} {without}");
    }

    #[test]
    fn what_cannot_be_fitted_is_refused() {
        let error = |x: &[f64], y: &[f64], e: &[Option<f64>]| LinearFit::new(x, y, e).unwrap_err().to_string();
        assert!(error(&[1.0], &[1.0], &[Some(0.1)]).contains("at least 2"));
        assert!(error(&[1.0, 2.0], &[1.0, 2.0], &[Some(0.1), None]).contains("at least 3"));
        assert!(error(&[1.0, 1.0], &[1.0, 2.0], &[Some(0.1); 2]).contains("different"));
        assert!(ArrheniusFit::new(&[1000.0, 1100.0], &[1.0, -1.0], &[Some(0.1); 2]).is_err());
    }
}
