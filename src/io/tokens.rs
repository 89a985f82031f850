//! A cursor over the words and punctuation of a .mtp file.

use super::text::finite;
use crate::error::{Error, Result};
use crate::potential::mtp::Product;

/// Punctuation and words of the text with their line numbers.
pub(super) struct Tokens<'a> {
    pub(super) file: &'a str,
    rest: &'a str,
    pub(super) line: usize,
    last: &'a str,
}

impl<'a> Tokens<'a> {
    pub(super) fn new(text: &'a str, file: &'a str) -> Self {
        Self { file, rest: text.trim_start_matches('\u{feff}'), line: 1, last: "" }
    }

    fn skip_space(&mut self) {
        let trimmed = self.rest.trim_start();
        let skipped = self.rest.get(..self.rest.len() - trimmed.len()).unwrap_or_default();
        self.line += skipped.matches('\n').count();
        self.rest = trimmed;
    }

    pub(super) fn next(&mut self) -> Option<&'a str> {
        self.skip_space();
        let is_mark = |c: char| matches!(c, '{' | '}' | ',' | '=');
        let first = self.rest.chars().next()?;
        let end = if is_mark(first) {
            first.len_utf8()
        } else {
            self.rest.find(|c: char| c.is_whitespace() || is_mark(c)).unwrap_or(self.rest.len())
        };
        let (token, rest) = self.rest.split_at(end);
        (self.rest, self.last) = (rest, token);
        Some(token)
    }

    pub(super) fn peek(&mut self) -> Option<&'a str> {
        let saved = (self.rest, self.line, self.last);
        let token = self.next();
        (self.rest, self.line, self.last) = saved;
        token
    }

    /// What stands before the end of the line.
    pub(super) fn rest_of_line(&mut self) -> &'a str {
        let end = self.rest.find('\n').unwrap_or(self.rest.len());
        let (line, rest) = self.rest.split_at(end);
        self.rest = rest;
        line.trim()
    }

    /// An error at the token read last.
    pub(super) fn error(&self, expected: impl Into<String>) -> Error {
        Error::parse(self.file, self.line, self.last, expected)
    }

    pub(super) fn expect(&mut self, mark: &str, what: &str) -> Result<()> {
        match self.next() {
            Some(token) if token == mark => Ok(()),
            Some(_) => Err(self.error(format!("\"{mark}\" in {what}"))),
            None => Err(self.ended(what)),
        }
    }

    pub(super) fn value(&mut self, what: &str) -> Result<&'a str> {
        self.next().ok_or_else(|| self.ended(what))
    }

    pub(super) fn ended(&self, what: &str) -> Error {
        Error::parse(self.file, self.line, "the end of the file", what)
    }

    pub(super) fn number(&mut self, what: &str) -> Result<f64> {
        let token = self.value(what)?;
        finite(token).ok_or_else(|| self.error(format!("{what}: a finite number")))
    }

    pub(super) fn count(&mut self, what: &str) -> Result<usize> {
        let token = self.value(what)?;
        token.parse().map_err(|_| self.error(format!("{what}: a whole number from 0")))
    }

    /// `{ item, item, ... }`, possibly empty.
    pub(super) fn list<T>(&mut self, what: &str, mut item: impl FnMut(&mut Self) -> Result<T>) -> Result<Vec<T>> {
        self.expect("{", what)?;
        let mut items = Vec::new();
        if self.peek() == Some("}") {
            self.next();
            return Ok(items);
        }
        loop {
            items.push(item(self)?);
            match self.value(what)? {
                "," => {}
                "}" => return Ok(items),
                _ => return Err(self.error(format!("\",\" or \"}}\" in {what}"))),
            }
        }
    }

    pub(super) fn numbers(&mut self, what: &str) -> Result<Vec<f64>> {
        self.list(what, |tokens| tokens.number(what))
    }

    /// `{a, b, c, d}`, each a whole number.
    pub(super) fn four(&mut self, what: &str) -> Result<[usize; 4]> {
        let values = self.list(what, |tokens| tokens.count(what))?;
        values.try_into().map_err(|_| self.error(format!("four numbers in each entry of {what}")))
    }

    /// `{left, right, coefficient, target}`.
    pub(super) fn product(&mut self, what: &str) -> Result<Product> {
        let values = self.numbers(what)?;
        let &[left, right, coefficient, target] = values.as_slice() else {
            return Err(self.error(format!("four numbers in each entry of {what}")));
        };
        let index = |x: f64| (x >= 0.0 && x.fract() == 0.0 && x < 1e9).then_some(x as usize);
        match (index(left), index(right), index(target)) {
            (Some(left), Some(right), Some(target)) => Ok(Product { left, right, coefficient, target }),
            _ => Err(self.error(format!("whole numbers from 0 as moments in {what}"))),
        }
    }
}
