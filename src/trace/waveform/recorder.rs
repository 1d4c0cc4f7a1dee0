//! From what the hardware shows of itself to signals.

use std::io;

use super::{Variable, WaveFile, WaveSummary};
use crate::arch::{Operand, PerOperand};
use crate::hw::stepped::Token;
use crate::hw::{ArrayProbe, Observer};
use crate::sim::{Khz, Tick};

/// What of the array is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WaveSelection {
    /// The PE; its row is recorded too, of its columns the first 64.
    pub pe: (u32, u32),
    /// Begin and end (exclusive) of the time window in picoseconds.
    pub window_ps: (u64, u64),
    /// Most changes of signals.
    pub max_changes: u64,
}

/// What the recorder must know of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WaveInfo {
    /// Rate of the simulator's ticks.
    pub tick_rate: Khz,
    /// The array's clock.
    pub core_clock: Khz,
    /// Columns of the array.
    pub columns: u32,
    /// Most operands of a kind that a PE takes in a step.
    pub lanes: u32,
}

/// Numbers of the signals; operands of lanes and columns follow each other.
#[derive(Debug, Clone, Copy)]
struct Signals {
    layer: usize,
    tiles: PerOperand<usize>,
    clock: usize,
    feed: TokenSignals,
    load_valid: usize,
    load_row: usize,
    leaving: usize,
    row_valid: usize,
    row_left: usize,
    pe: TokenSignals,
    activation: usize,
    weight: usize,
    sum: usize,
    out_valid: usize,
    out: usize,
}

/// Signals of what is fed, or stands at a PE.
#[derive(Debug, Clone, Copy)]
struct TokenSignals {
    valid: usize,
    fold: usize,
    step: usize,
    phase: usize,
}

struct Declaration(Vec<Variable>);

impl Declaration {
    fn add(&mut self, scope: &[&str], name: impl Into<String>, bits: u32) -> usize {
        self.0.push(Variable {
            scope: scope.iter().map(ToString::to_string).collect(),
            name: name.into(),
            bits,
        });
        self.0.len() - 1
    }

    fn token(&mut self, scope: &[&str]) -> TokenSignals {
        TokenSignals {
            valid: self.add(scope, "valid", 1),
            fold: self.add(scope, "fold", 32),
            step: self.add(scope, "step", 32),
            phase: self.add(scope, "phase", 8),
        }
    }

    fn lanes(&mut self, scope: &[&str], name: &str, lanes: u32) -> usize {
        let first = self.0.len();
        for lane in 0..lanes {
            self.add(scope, format!("{name}_{lane}"), OPERAND_BITS);
        }
        first
    }
}

/// Columns of the row that are shown: what fits a signal.
const MOST_COLUMNS: u32 = 64;

/// Operands are shown as the value that they stand for, in two's complement.
const OPERAND_BITS: u32 = 9;

fn signals(info: &WaveInfo, (row, column): (u32, u32)) -> (Signals, Vec<Variable>) {
    let mut all = Declaration(Vec::new());
    let controller = ["axbxp", "controller"];
    let layer = all.add(&controller, "layer", 16);
    let tiles = PerOperand::of(|operand| all.add(&controller, format!("{operand}_tiles"), 8));
    let array = ["axbxp", "array"];
    let clock = all.add(&array, "clk", 1);
    let leaving = all.add(&array, "results_leaving", 16);
    let load = ["axbxp", "array", "load"];
    let (load_valid, load_row) = (all.add(&load, "valid", 1), all.add(&load, "row", 16));
    let feed = all.token(&["axbxp", "array", "feed"]);
    let row_scope = format!("row_{row}");
    let row_scope = ["axbxp", "array", &row_scope];
    let row_valid = all.add(&row_scope, "valid", info.columns.min(MOST_COLUMNS));
    let row_left = all.lanes(&row_scope, "left_at_column", info.columns.min(MOST_COLUMNS));
    let pe_scope = format!("pe_{row}_{column}");
    let pe_scope = ["axbxp", "array", &pe_scope];
    let pe = all.token(&pe_scope);
    let activation = all.lanes(&pe_scope, "activation", info.lanes);
    let weight = all.lanes(&pe_scope, "weight", info.lanes);
    let signals = Signals {
        layer,
        tiles,
        clock,
        feed,
        load_valid,
        load_row,
        leaving,
        row_valid,
        row_left,
        pe,
        activation,
        weight,
        sum: all.add(&pe_scope, "sum", 32),
        out_valid: all.add(&pe_scope, "out_valid", 1),
        out: all.add(&pe_scope, "out", 32),
    };
    (signals, all.0)
}

/// An [`Observer`] that records a waveform.
pub struct WaveRecorder {
    file: WaveFile,
    info: WaveInfo,
    selection: WaveSelection,
    signals: Signals,
    /// Value of each signal now, and as written last.
    values: Vec<Option<u64>>,
    written: Vec<Option<Option<u64>>>,
    /// The last value that was to be written.
    wanted: Vec<Option<Option<u64>>>,
    /// When the clock falls.
    falls_at: Option<u64>,
    summary: WaveSummary,
    error: Option<io::Error>,
}

impl WaveRecorder {
    /// The signals that a selection stands for, for [`WaveFile::create`].
    pub fn variables(info: &WaveInfo, selection: &WaveSelection) -> Vec<Variable> {
        signals(info, selection.pe).1
    }

    /// Records into a file of these [`WaveRecorder::variables`].
    pub fn new(file: WaveFile, info: WaveInfo, selection: WaveSelection) -> Self {
        let (signals, variables) = signals(&info, selection.pe);
        WaveRecorder {
            file,
            info,
            selection,
            signals,
            values: vec![None; variables.len()],
            written: vec![None; variables.len()],
            wanted: vec![None; variables.len()],
            falls_at: None,
            summary: WaveSummary::default(),
            error: None,
        }
    }

    /// Completes the file.
    ///
    /// # Errors
    /// The first error in writing.
    pub fn finish(mut self) -> io::Result<WaveSummary> {
        self.let_clock_fall(u64::MAX);
        if let Some(error) = self.error {
            return Err(error);
        }
        self.file.finish()?;
        Ok(self.summary)
    }

    fn picoseconds(&self, at: Tick) -> u64 {
        let ps = u128::from(at.0) * 1_000_000_000 / u128::from(self.info.tick_rate.0);
        u64::try_from(ps).unwrap_or(u64::MAX)
    }

    fn set(&mut self, signal: usize, value: Option<u64>) {
        self.values[signal] = value;
    }

    fn set_token(&mut self, signals: TokenSignals, token: Option<Token>) {
        self.set(signals.valid, Some(u64::from(token.is_some())));
        self.set(signals.fold, token.map(|token| token.fold));
        self.set(signals.step, token.map(|token| token.step as u64));
        self.set(signals.phase, token.map(|token| u64::from(token.phase)));
    }

    fn set_operands(&mut self, first: usize, count: u32, values: &[i32], valid: bool) {
        for lane in 0..count as usize {
            let value = values.get(lane).filter(|_| valid);
            self.set(first + lane, value.map(|&value| value as u64));
        }
    }

    /// Writes the falling edge that came before `before_ps`.
    fn let_clock_fall(&mut self, before_ps: u64) {
        if let Some(at) = self.falls_at
            && at < before_ps
        {
            self.falls_at = None;
            self.set(self.signals.clock, Some(0));
            self.write(at);
        }
    }

    /// Writes every signal that has changed.
    fn write(&mut self, at_ps: u64) {
        let (from, to) = self.selection.window_ps;
        let inside = (from..to).contains(&at_ps);
        for signal in 0..self.values.len() {
            let value = self.values[signal];
            if self.error.is_some() || self.written[signal] == Some(value) {
                continue;
            }
            let is_new = self.wanted[signal].replace(value) != Some(value);
            if !inside || self.summary.changes >= self.selection.max_changes {
                self.summary.left_out += u64::from(is_new);
                continue;
            }
            self.written[signal] = Some(value);
            self.summary.changes += 1;
            self.error = self.file.change(at_ps, signal, value).err();
        }
    }

    fn change(&mut self, at: Tick, signal: usize, value: u64) {
        let at_ps = self.picoseconds(at);
        self.let_clock_fall(at_ps);
        self.set(signal, Some(value));
        self.write(at_ps);
    }
}

impl Observer for WaveRecorder {
    fn layer_begins(&mut self, index: u32, at: Tick) {
        self.change(at, self.signals.layer, u64::from(index));
    }

    fn tiles_held(&mut self, operand: Operand, tiles: u32, at: Tick) {
        self.change(at, self.signals.tiles[operand], u64::from(tiles));
    }

    fn array_cycle(&mut self, array: &dyn ArrayProbe, at: Tick) {
        let at_ps = self.picoseconds(at);
        self.let_clock_fall(at_ps);
        let signals = self.signals;
        self.set(signals.clock, Some(1));
        self.falls_at = Some(at_ps + 500_000_000 / self.info.core_clock.0.max(1));
        self.set_token(signals.feed, array.fed());
        self.set(signals.leaving, Some(array.leaving().len() as u64));
        let load = array.loading();
        self.set(signals.load_valid, Some(u64::from(load.is_some())));
        self.set(signals.load_row, load.map(|load| load.index as u64));
        let (row, column) = self.selection.pe;
        let mut valid = 0;
        for at_column in 0..self.info.columns.min(MOST_COLUMNS) {
            let pe = array.pe(row, at_column);
            valid |= u64::from(pe.token.is_some()) << at_column;
            let left = if pe.swapped {
                &pe.weights
            } else {
                &pe.activations
            };
            let first = signals.row_left + at_column as usize;
            self.set_operands(first, 1, left, pe.token.is_some());
        }
        self.set(signals.row_valid, Some(valid));
        let pe = array.pe(row, column);
        self.set_token(signals.pe, pe.token);
        let (lanes, works) = (self.info.lanes, pe.token.is_some());
        self.set_operands(signals.activation, lanes, &pe.activations, works);
        self.set_operands(signals.weight, lanes, &pe.weights, works);
        self.set(signals.sum, Some(u64::from(pe.sum.cast_unsigned())));
        self.set(signals.out_valid, Some(u64::from(pe.out.is_some())));
        let out = pe.out.map(|out| u64::from(out.cast_unsigned()));
        self.set(signals.out, out);
        self.write(at_ps);
    }
}
