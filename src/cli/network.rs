//! The network that a command simulates: as a workload, or of a trained network that has images too.

use std::path::Path;

use super::error::CliError;
use crate::infer::model_file::ModelBundle;
use crate::source::{self, FileKind, SourceFile};
use crate::workload::{self, Network};

/// The network called `name`, or in the file `name`. Of a trained network it is the one that `accuracy` and `search`
/// compute: that its preprocessing gives no negative values is known.
pub(super) fn open(name: &str) -> Result<Network, CliError> {
    match description(name)? {
        Some(file) => Ok(file.trained()?.model.network),
        None => Ok(workload::open(name)?),
    }
}

/// The description of a trained network, if `name` is one.
fn description(name: &str) -> Result<Option<ModelBundle>, CliError> {
    if source::shipped(FileKind::Model).contains(&name) {
        return Ok(Some(ModelBundle::open(name, None)?));
    }
    let path = Path::new(name);
    if path.extension().is_none_or(|extension| extension != "ron") || !path.is_file() {
        return Ok(None);
    }
    let file = SourceFile::read(path)?;
    Ok(match FileKind::told_by(&file) {
        Some(FileKind::Model) => Some(ModelBundle::load(file, None)?),
        _ => None,
    })
}
