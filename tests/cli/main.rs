//! The real program: what it prints, writes and answers.

mod accuracy;
mod commands;
mod comparisons;
mod documents;
mod dram;
mod examples;
mod reports;
mod search;
#[path = "../support/mod.rs"]
mod support;
