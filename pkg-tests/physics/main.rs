//! Physics tests against the library, one binary.

mod files;
mod reference;
