//! The `axbxp` program: see [`axbxp::cli`].

use std::process::ExitCode;

use axbxp::cli::{self, Exit};

fn main() -> ExitCode {
    // A panic has printed its message by now; it is an error of this program.
    let exit = std::panic::catch_unwind(cli::main).unwrap_or(Exit::Internal);
    ExitCode::from(exit)
}
