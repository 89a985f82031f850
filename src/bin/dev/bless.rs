use crate::Outcome;
use std::path::Path;
pub fn bless(_root: &Path) -> Outcome {
    Err("not yet".to_owned())
}
