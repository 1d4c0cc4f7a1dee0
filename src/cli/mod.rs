//! The command line: arguments, progress, exit codes, printing. No logic of the simulator.
//!
//! Every command has three steps. `resolve` makes of its arguments a request: every file is opened and every target looked
//! at, so that bad input ends it before any work is done. One call of the library answers the request and is given a
//! progress bar to tell. What comes of it is a [`Render`](crate::report::Render), which `Output` writes.

mod accuracy;
mod accuracy_args;
mod args;
mod check;
mod compare;
mod compare_args;
mod dram;
mod energy_table;
mod error;
mod inspect;
mod map;
mod multiply;
mod network;
mod output;
mod plots;
mod progress;
mod run;
mod search;
mod search_args;
mod stdout;
mod trace;

use clap::Parser;
use tracing_subscriber::filter::LevelFilter;

use args::{Cli, Command, Global};
pub use error::Exit;

/// Runs the program with the process's arguments.
pub fn main() -> Exit {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version come this way too, with code 0.
            let _ = error.print();
            return if error.use_stderr() {
                Exit::Input
            } else {
                Exit::Done
            };
        }
    };
    log_to_stderr(&cli.global);
    let result = match cli.command {
        Command::Run(args) => run::run(&args, &cli.global),
        Command::Compare(args) => compare::compare(&args, &cli.global),
        Command::Headline(args) => compare::headline(&args, &cli.global),
        Command::Accuracy(args) => accuracy::accuracy(&args, &cli.global),
        Command::Search(args) => search::search(&args, &cli.global),
        Command::Map(args) => map::map(&args, &cli.global),
        Command::Dram(args) => dram::dram(&args, &cli.global),
        Command::EnergyTable(args) => energy_table::energy_table(&args, &cli.global),
        Command::Multiply(args) => multiply::multiply(&args, &cli.global),
        Command::Check(args) => check::check(&args),
        Command::List(args) => inspect::list(&args),
        Command::Schema(args) => inspect::schema(&args),
    };
    result.unwrap_or_else(|error| error.report())
}

fn log_to_stderr(global: &Global) {
    let level = match global.verbose {
        _ if global.quiet => LevelFilter::ERROR,
        0 => LevelFilter::WARN,
        1 => LevelFilter::INFO,
        _ => LevelFilter::DEBUG,
    };
    let colors = anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never;
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_max_level(level)
        .with_ansi(colors)
        .with_target(false)
        .without_time()
        .init();
}
