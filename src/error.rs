//! The one error type: typed, user-facing, and complete enough to act on.
//!
//! Every message says where, what was found and what was expected. Input never panics.

use thiserror::Error as ThisError;

/// Result with the crate's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

/// What can go wrong, as a user should read it.
#[derive(Debug, Clone, PartialEq, ThisError)]
pub enum Error {
    /// A file's text does not have the expected form.
    #[error("{file}, line {line}: found {found}; expected {expected}")]
    Parse {
        /// File name or description of the source.
        file: String,
        /// Line number from 1.
        line: usize,
        /// What stands there (shortened).
        found: String,
        /// What should stand there.
        expected: String,
    },
    /// A value, from a form, a command line or a specification, is not usable.
    #[error("{what}: found {found}; expected {expected}")]
    Invalid {
        /// Name of the value.
        what: String,
        /// What was given.
        found: String,
        /// What would have been accepted.
        expected: String,
    },
    /// A run left the range in which its numbers mean anything.
    #[error("the run became unstable at step {step}: {reason}")]
    Unstable {
        /// Step at which it was noticed.
        step: u64,
        /// What happened, with the atom and the closest pair named.
        reason: String,
    },
    /// A run met configurations for which its potential was not made.
    #[error("the run stopped at step {step}: {reason}")]
    Extrapolation {
        /// Step at which it was noticed.
        step: u64,
        /// The atom and its grade.
        reason: String,
    },
    /// The operating system refused.
    #[error("{path}: {reason}")]
    Io {
        /// The path that was asked for.
        path: String,
        /// The system's words.
        reason: String,
    },
}

impl Error {
    /// Shorthand for [`Error::Invalid`].
    pub fn invalid(what: impl Into<String>, found: impl ToString, expected: impl Into<String>) -> Self {
        Self::Invalid { what: what.into(), found: found.to_string(), expected: expected.into() }
    }

    /// Shorthand for [`Error::Parse`]; `found` is cut to 60 characters.
    pub fn parse(file: &str, line: usize, found: &str, expected: impl Into<String>) -> Self {
        let mut short: String = found.trim().chars().take(60).collect();
        if found.trim().chars().count() > 60 {
            short.push('…');
        }
        let found = if short.is_empty() { "nothing".to_owned() } else { format!("\"{short}\"") };
        Self::Parse { file: file.to_owned(), line, found, expected: expected.into() }
    }

    /// The same of a value in a larger place, such as "melt.cfg, configuration 3".
    #[must_use]
    pub fn within(self, place: &str) -> Self {
        match self {
            Self::Invalid { what, found, expected } => {
                Self::Invalid { what: format!("{place}, {what}"), found, expected }
            }
            other => other,
        }
    }

    /// A stable machine-readable name of the kind, for the page and for JSON.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Parse { .. } => "parse",
            Self::Invalid { .. } => "invalid",
            Self::Unstable { .. } => "unstable",
            Self::Extrapolation { .. } => "extrapolation",
            Self::Io { .. } => "io",
        }
    }

    /// A sentence on what to try next, where there is one.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Unstable { .. } => Some(
                "Try a shorter timestep, relax the structure first, or lower the temperature; the last good state is kept.",
            ),
            Self::Extrapolation { .. } => Some(
                "Label configurations that the run kept and fit anew, or raise extrapolation.stop; the last good state is kept.",
            ),
            _ => None,
        }
    }
}
