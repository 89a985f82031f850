//! Shared pieces of the parsers: a cursor over numbered lines, and numbers that are finite or an error.

use crate::error::{Error, Result};
use crate::math::Vec3;

/// The most columns or properties that a table of atoms may have.
pub(super) const MAX_COLUMNS: usize = 256;

/// The lines of a text with their numbers from 1.
#[derive(Clone)]
pub(super) struct Lines<'a> {
    file: &'a str,
    rest: &'a str,
    number: usize,
    ended: bool,
}

impl<'a> Lines<'a> {
    pub(super) fn new(text: &'a str, file: &'a str) -> Self {
        Self::following(0, text, file)
    }

    /// The lines of a part of a file, of which `before` lines have been read.
    pub(super) fn following(before: usize, text: &'a str, file: &'a str) -> Self {
        let rest = if before == 0 { text.trim_start_matches('\u{feff}') } else { text };
        Self { file, rest, number: before, ended: false }
    }

    /// The next line, whatever it holds.
    pub(super) fn next_line(&mut self) -> Option<&'a str> {
        if self.rest.is_empty() {
            self.ended = true;
            return None;
        }
        let (line, rest) = self.rest.split_once('\n').unwrap_or((self.rest, ""));
        self.rest = rest;
        self.number += 1;
        Some(line.strip_suffix('\r').unwrap_or(line))
    }

    /// Lines read.
    pub(super) fn lines_read(&self) -> usize {
        self.number
    }

    /// What has not been read.
    pub(super) fn rest(&self) -> &'a str {
        self.rest
    }

    /// Whether a line was asked for that is not there: in a part of a file, the next part may bring it.
    pub(super) fn ended(&self) -> bool {
        self.ended
    }

    /// The next line that is not blank, trimmed.
    pub(super) fn next_filled(&mut self) -> Option<&'a str> {
        loop {
            let line = self.next_line()?.trim();
            if !line.is_empty() {
                return Some(line);
            }
        }
    }

    /// The next line that is not blank, without consuming it.
    pub(super) fn peek_filled(&self) -> Option<&'a str> {
        self.clone().next_filled()
    }

    /// The next line that is not blank.
    ///
    /// # Errors
    /// The end of the file, with what was `expected` there.
    pub(super) fn require(&mut self, expected: &str) -> Result<&'a str> {
        self.next_filled().ok_or_else(|| Error::parse(self.file, self.number.max(1), "the end of the file", expected))
    }

    /// An error at the current line.
    pub(super) fn error(&self, found: &str, expected: impl Into<String>) -> Error {
        Error::parse(self.file, self.number.max(1), found, expected)
    }

    /// A finite number.
    ///
    /// # Errors
    /// Anything else, including NaN and infinities.
    pub(super) fn number(&self, token: &str, what: &str) -> Result<f64> {
        finite(token).ok_or_else(|| self.error(token, format!("{what}: a finite number")))
    }

    /// A whole number from 0.
    ///
    /// # Errors
    /// Anything else.
    pub(super) fn count(&self, token: &str, what: &str) -> Result<usize> {
        token.parse().map_err(|_| self.error(token, format!("{what}: a whole number from 0")))
    }

    /// Three numbers at the start of a line; what follows them is left to the caller.
    ///
    /// # Errors
    /// Fewer than three numbers.
    pub(super) fn vector(&self, line: &str, what: &str) -> Result<Vec3> {
        let mut tokens = line.split_whitespace();
        let mut vector = Vec3::zeros();
        for x in vector.iter_mut() {
            let token = tokens.next().ok_or_else(|| self.error(line, format!("{what}: three numbers")))?;
            *x = self.number(token, what)?;
        }
        Ok(vector)
    }

    /// Turns an error without a place (from a constructor) into one at the current line.
    pub(super) fn locate(&self, error: Error) -> Error {
        match error {
            Error::Invalid { what, found, expected } => {
                Error::parse(self.file, self.number.max(1), &format!("{what}: {found}"), expected)
            }
            other => other,
        }
    }
}

/// The token as a finite number.
pub(super) fn finite(token: &str) -> Option<f64> {
    token.parse::<f64>().ok().filter(|x| x.is_finite())
}

/// Whether a line starts with a number, finite or not: a row of a table rather than a keyword.
pub(super) fn is_row(line: &str) -> bool {
    line.split_whitespace().next().is_some_and(|token| token.parse::<f64>().is_ok())
}
