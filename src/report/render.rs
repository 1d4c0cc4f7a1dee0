//! The forms in which results are printed.

use std::convert::Infallible;
use std::io;

use serde::Serialize;

use super::accuracy::{self, AccuracyView};
use super::headline::{self, Headline};
use super::search::{self, SearchReport};
use super::table::{self, View};
use super::{AccuracyReport, Report, TraceReport, csv, dram_table};
use crate::blocked::Explanation;
use crate::energy::Listing;

/// A result that can be printed.
pub trait Render: Serialize {
    /// The parts of its table that can be asked for, for one that has several.
    type View;

    /// Aligned text for people: the parts `views` in that order, and what to keep in mind if `notes`.
    fn table(&self, views: &[Self::View], notes: bool) -> String;

    /// JSON with a final newline: all that there is.
    ///
    /// # Errors
    /// What serializing gives; there is none for a report.
    fn json(&self) -> io::Result<Vec<u8>> {
        json(self)
    }

    /// Comma-separated values; none for a result that has no such form.
    ///
    /// # Errors
    /// What writing gives; there is none in memory.
    fn csv(&self) -> io::Result<Option<Vec<u8>>> {
        Ok(None)
    }
}

/// Pretty JSON with a final newline.
///
/// # Errors
/// What serializing gives.
pub fn json<T: Serialize + ?Sized>(value: &T) -> io::Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec_pretty(value)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// What `write` writes.
fn written(write: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    write(&mut bytes)?;
    Ok(Some(bytes))
}

impl Render for Report {
    type View = View;

    fn table(&self, views: &[View], notes: bool) -> String {
        table::render(self, views, notes)
    }

    fn csv(&self) -> io::Result<Option<Vec<u8>>> {
        written(|to| csv::write(self, to))
    }
}

impl Render for Headline {
    type View = Infallible;

    fn table(&self, _: &[Infallible], notes: bool) -> String {
        headline::table(self, notes)
    }

    fn csv(&self) -> io::Result<Option<Vec<u8>>> {
        written(|to| headline::csv(self, to))
    }
}

impl Render for AccuracyReport {
    type View = AccuracyView;

    fn table(&self, views: &[AccuracyView], notes: bool) -> String {
        accuracy::table(self, views, notes)
    }

    fn csv(&self) -> io::Result<Option<Vec<u8>>> {
        written(|to| accuracy::csv(self, to))
    }
}

impl Render for SearchReport {
    type View = Infallible;

    fn table(&self, _: &[Infallible], _notes: bool) -> String {
        search::table(self)
    }
}

impl Render for TraceReport {
    type View = Infallible;

    fn table(&self, _: &[Infallible], notes: bool) -> String {
        dram_table::render(self, notes)
    }
}

impl Render for Listing {
    type View = Infallible;

    fn table(&self, _: &[Infallible], _notes: bool) -> String {
        self.text()
    }

    fn csv(&self) -> io::Result<Option<Vec<u8>>> {
        written(|to| self.write_csv(to))
    }
}

impl Render for Explanation {
    type View = Infallible;

    fn table(&self, _: &[Infallible], _notes: bool) -> String {
        self.to_string()
    }
}
