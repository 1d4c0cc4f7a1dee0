//! Topology files of SCALE-Sim (3.0.0): `.csv`, convolutions or matrix products.
//!
//! The first line names the columns and says which of the two it is. A line of a convolution is
//! `name, IFMAP height, IFMAP width, filter height, filter width, channels, filters, stride,`, one of a
//! matrix product `name, M, N, K,`. The comma at the end belongs to it: what follows the last comma is
//! dropped, so that a line without it loses its last number; here that is an error. A comment
//! (`#dw`) may follow it. Lines with nothing but commas are skipped.
//!
//! # What a line becomes
//! * Every layer is independent of the others and reads an input of its own, `NAME.ifmap`, of signed
//!   values; no layer has a bias.
//! * A convolution has its height and width padded already, and `ceil((H - F + s) / s)` rows of outputs.
//!   Where the stride does not divide `H - F`, the last window reaches beyond the image; what it meets
//!   there is zero. That is padding below and on the right; where a whole window lies beyond the image
//!   (`F < s`), the image is larger by the rows that it needs.
//! * `DP` in the name means depthwise: SCALE-Sim runs `channels` layers of one channel and `filters`
//!   filters each. Here it is one layer of as many groups, with the same folds.
//! * A matrix product is a layer of `N` features on `M` positions of `K` channels.
//! * A name that is given again gets `#2`, `#3` and so on appended, since names are unique here.
//!
//! # What is an error
//! A sparsity ratio other than that of dense weights (`1:1`): sparse weights are not modelled. Any other
//! column, a number that is none, is zero or beyond the limits of a network, a filter larger than its input.

use std::collections::HashMap;
use std::ops::Range;

use super::build;
use super::file::{InputFile, LayerFile, NetworkFile};
use super::limits::{MAX_DIMENSION, MAX_LAYERS};
use super::network::Network;
use super::op::{Conv, FullyConnected, Op, Padding};
use crate::source::{Diagnostics, Place, Places, SourceFile, SpanChecker};

const CONV: [&str; 7] = [
    "IFMAP height",
    "IFMAP width",
    "filter height",
    "filter width",
    "channels",
    "filters",
    "stride",
];
const GEMM: [&str; 3] = ["M", "N", "K"];

/// Imports the topology in `file`.
///
/// # Errors
/// Everything that is no line of a topology, or that can not be expressed, each at its place.
pub fn import(file: &SourceFile) -> Result<Network, Diagnostics> {
    let mut checker = SpanChecker::new(file);
    let mut lines = Line::all(file.text());
    let columns = lines
        .next()
        .and_then(|header| columns_of(&header, &mut checker));
    let mut importer = Importer::new(checker);
    if let Some(columns) = columns {
        for line in lines.filter(|line| !line.is_blank()) {
            importer.line(&line, columns);
        }
    }
    importer.finish(file)
}

/// A field without the white space around it, and its bytes.
#[derive(Debug, Clone)]
struct Field<'t> {
    text: &'t str,
    range: Range<usize>,
}

/// A line, cut at its commas.
#[derive(Debug)]
struct Line<'t> {
    fields: Vec<Field<'t>>,
}

impl<'t> Line<'t> {
    /// Every line that is not empty.
    fn all(text: &'t str) -> impl Iterator<Item = Line<'t>> {
        let mut at = 0;
        text.split_inclusive('\n').filter_map(move |line| {
            let start = at;
            at += line.len();
            (!line.trim().is_empty()).then(|| Line::cut(line.trim_end(), start))
        })
    }

    fn cut(line: &'t str, start: usize) -> Self {
        let mut at = start;
        let cut = |text: &'t str| {
            let from = at + (text.len() - text.trim_start().len());
            at += text.len() + 1;
            let text = text.trim();
            Field {
                text,
                range: from..from + text.len(),
            }
        };
        Line {
            fields: line.split(',').map(cut).collect(),
        }
    }

    fn is_blank(&self) -> bool {
        self.fields.iter().all(|field| field.text.is_empty())
    }

    fn range(&self) -> Range<usize> {
        let end = self.fields.last().map_or(0, |field| field.range.end);
        self.fields[0].range.start..end
    }
}

/// The numbers in a line, by the names of its columns.
fn columns_of(header: &Line<'_>, checker: &mut SpanChecker<'_>) -> Option<&'static [&'static str]> {
    let help = "the first line names the columns: `Layer name, IFMAP Height, IFMAP Width, Filter Height, \
                Filter Width, Channels, Num Filter, Strides,` or `Layer, M, N, K,`";
    let named: Vec<_> = header.fields[1..]
        .iter()
        .filter(|field| !field.text.is_empty())
        .collect();
    if let Some(number) = named.iter().find(|field| field.text.parse::<f64>().is_ok()) {
        checker.report(
            number.range.clone(),
            "the first line is a layer",
            "expected the name of a column",
            help,
        );
        return None;
    }
    let matches = |names: &[&str]| {
        named.len() >= names.len()
            && named
                .iter()
                .zip(names)
                .all(|(field, name)| field.text.eq_ignore_ascii_case(name))
    };
    let columns: &[&str] = if matches(&GEMM) {
        &GEMM
    } else if named.len() >= CONV.len() {
        &CONV
    } else {
        let message = "the columns are neither those of convolutions nor those of matrix products";
        checker.report(
            header.range(),
            message,
            "expected a SCALE-Sim topology",
            help,
        );
        return None;
    };
    for field in &named[columns.len()..] {
        // A column of sparsity ratios is judged by what stands in it.
        if !field.text.to_ascii_lowercase().contains("spars") {
            checker.report(
                field.range.clone(),
                format!("the column `{}` is not supported", field.text),
                format!("expected nothing after `{}`", columns[columns.len() - 1]),
                "",
            );
        }
    }
    Some(columns)
}

/// The layers so far.
struct Importer<'f> {
    checker: SpanChecker<'f>,
    inputs: Vec<InputFile>,
    layers: Vec<LayerFile>,
    places: Places,
    /// How often each name was given.
    names: HashMap<String, u32>,
}

impl<'f> Importer<'f> {
    fn new(checker: SpanChecker<'f>) -> Self {
        Importer {
            checker,
            inputs: Vec::new(),
            layers: Vec::new(),
            places: Places::default(),
            names: HashMap::new(),
        }
    }

    fn line(&mut self, line: &Line<'_>, columns: &'static [&'static str]) {
        if self.layers.len() > MAX_LAYERS {
            return;
        }
        let name = &line.fields[0];
        if let Some((message, expected)) = build::name_problem(name.text) {
            self.checker
                .report(name.range.clone(), message, expected, "");
        }
        let Some(sizes) = self.sizes(line, columns) else {
            return;
        };
        let (mut input, op) = match sizes[..] {
            [m, n, k] => self.product(line, [m, n, k]),
            [
                height,
                width,
                filter_height,
                filter_width,
                channels,
                filters,
                stride,
            ] => {
                let (input, conv) = self.convolution(
                    line,
                    [height, width],
                    [filter_height, filter_width],
                    stride,
                    channels,
                );
                let depthwise = name.text.contains("DP");
                (input, conv.op(channels, filters, depthwise))
            }
            _ => return,
        };
        let name = self.unique(name.text);
        input.name = self.unique(&format!("{name}.ifmap"));
        let root = Place::root();
        let (inputs, layers) = (root.clone().field("inputs"), root.field("layers"));
        for place in [
            inputs.index(self.inputs.len()),
            layers.clone().index(self.layers.len()),
            layers.clone().index(self.layers.len()).field("op"),
        ] {
            self.places.insert(&place, line.range());
        }
        let place = layers.index(self.layers.len()).field("name");
        self.places.insert(&place, line.fields[0].range.clone());
        self.layers.push(LayerFile {
            name,
            op,
            activation: None,
            inputs: Some(vec![input.name.clone()]),
        });
        self.inputs.push(input);
    }

    /// The numbers of a line, if it has as many as it should and all are within the limits.
    fn sizes(&mut self, line: &Line<'_>, columns: &[&str]) -> Option<Vec<u32>> {
        let count = columns.len();
        let (last, before) = line.fields.split_last()?;
        let fields = before.get(1..).unwrap_or(&[]);
        let filled = line
            .fields
            .iter()
            .filter(|field| !field.text.is_empty())
            .count();
        if fields.len() + 1 == count && filled == count + 1 {
            let message = "the comma at the end of the line is missing";
            let help = "SCALE-Sim drops what follows the last comma of a line: here a number";
            let range = last.range.clone();
            self.checker
                .report(range, message, "expected `,` after this", help);
            return None;
        }
        if fields.len() < count {
            let message = format!(
                "{} where a layer has {count}: {}",
                numbers(fields.iter().filter(|field| !field.text.is_empty()).count()),
                columns.join(", ")
            );
            let expected = format!("expected a name, {count} numbers, and a comma after each");
            self.checker.report(line.range(), message, expected, "");
            return None;
        }
        let mut extra = fields[count..].to_vec();
        if !(last.text.is_empty() || last.text.starts_with('#')) {
            extra.push(last.clone());
        }
        let mut fits = self.extra_fields(&extra, columns);
        let mut sizes = Vec::with_capacity(count);
        for (field, column) in fields.iter().zip(columns) {
            match self.size(field, column) {
                Some(size) => sizes.push(size),
                None => fits = false,
            }
        }
        fits.then_some(sizes)
    }

    /// Fields behind the numbers: only the sparsity ratio of dense weights may be there.
    fn extra_fields(&mut self, extra: &[Field<'_>], columns: &[&str]) -> bool {
        let last = columns[columns.len() - 1];
        let mut fits = true;
        for (index, field) in extra.iter().enumerate() {
            let ratio = field
                .text
                .split_once(':')
                .map(|(n, m)| (n.trim(), m.trim()));
            match ratio {
                Some((n, m)) if index == 0 && n == m && n.parse::<u32>().is_ok() => continue,
                Some(_) if index == 0 => self.checker.report(
                    field.range.clone(),
                    format!("the sparsity ratio `{}` is not supported", field.text),
                    "expected nothing, or `1:1`",
                    "sparse weights are not modelled: a result for dense ones would be a guess",
                ),
                _ => self.checker.report(
                    field.range.clone(),
                    "a line has a column too many",
                    format!("expected nothing after `{last}` and its comma"),
                    "",
                ),
            }
            fits = false;
        }
        fits
    }

    fn size(&mut self, field: &Field<'_>, column: &str) -> Option<u32> {
        // The positions of a matrix product can lie in rows and columns.
        let most = match column {
            "M" => u64::from(MAX_DIMENSION) * u64::from(MAX_DIMENSION),
            _ => u64::from(MAX_DIMENSION),
        };
        let expected = format!("expected a whole number from 1 to {MAX_DIMENSION}");
        let digits = !field.text.is_empty() && field.text.bytes().all(|byte| byte.is_ascii_digit());
        let message = match field.text.parse::<u64>() {
            Ok(0) if digits => format!("`{column}` is 0"),
            Ok(size) if digits && size <= most.min(u64::from(u32::MAX)) => {
                return Some(size as u32);
            }
            _ if digits => format!("`{column}` is {}, beyond any network", field.text),
            _ if field.text.is_empty() => format!("`{column}` is missing"),
            _ => format!("`{column}` is `{}`, which is no number", field.text),
        };
        self.checker
            .report(field.range.clone(), message, expected, "");
        None
    }

    fn product(&mut self, line: &Line<'_>, [m, n, k]: [u32; 3]) -> (InputFile, Op) {
        let (height, width) = rows_and_columns(m).unwrap_or_else(|| {
            self.checker.report(
                line.fields[1].range.clone(),
                format!("`M` is {m}, beyond any network"),
                format!("expected at most {MAX_DIMENSION}, or the product of two such numbers"),
                "",
            );
            (1, 1)
        });
        let op = FullyConnected {
            per_position: true,
            bias: false,
            ..FullyConnected::new(n)
        };
        (input(k, height, width), op.into())
    }

    fn convolution(
        &mut self,
        line: &Line<'_>,
        image: [u32; 2],
        kernel: [u32; 2],
        stride: u32,
        channels: u32,
    ) -> (InputFile, ConvGeometry) {
        let mut size = image;
        let mut beyond = [0; 2];
        for axis in 0..2 {
            if kernel[axis] > image[axis] {
                let side = ["high", "wide"][axis];
                let message = format!(
                    "the filter is {} {side}, its input only {}",
                    kernel[axis], image[axis]
                );
                let expected = format!("expected at most {}", image[axis]);
                let range = line.fields[3 + axis].range.clone();
                let help = "the input's height and width include its padding";
                self.checker.report(range, message, expected, help);
                continue;
            }
            let outputs = (image[axis] - kernel[axis]).div_ceil(stride) + 1;
            let covered = (outputs - 1) * stride + kernel[axis];
            let missing = covered.saturating_sub(image[axis]);
            beyond[axis] = missing.min(kernel[axis] - 1);
            size[axis] += missing - beyond[axis];
        }
        let window = ConvGeometry {
            kernel,
            stride,
            beyond,
        };
        (input(channels, size[0], size[1]), window)
    }

    fn unique(&mut self, name: &str) -> String {
        let mut name = name.to_owned();
        loop {
            let count = self.names.entry(name.clone()).or_insert(0);
            *count += 1;
            if *count == 1 {
                return name;
            }
            name = format!("{name}#{count}");
        }
    }

    fn finish(mut self, file: &SourceFile) -> Result<Network, Diagnostics> {
        if self.layers.is_empty() && self.checker.is_clean() {
            let message = "the topology has no layers";
            self.checker.report(
                0..0,
                message,
                "expected a layer on each line after this",
                "",
            );
        }
        self.checker.finish(())?;
        let network = NetworkFile {
            description: "SCALE-Sim topology: every layer on its own input".to_owned(),
            inputs: self.inputs,
            layers: self.layers,
            ..NetworkFile::new(file.stem().unwrap_or("topology"))
        };
        build::build(&file.with_places(self.places), network)
    }
}

/// The window of a convolution.
struct ConvGeometry {
    kernel: [u32; 2],
    stride: u32,
    /// Rows below the image and columns right of it that the last window needs.
    beyond: [u32; 2],
}

impl ConvGeometry {
    fn op(&self, channels: u32, filters: u32, depthwise: bool) -> Op {
        let groups = if depthwise { channels } else { 1 };
        let conv = Conv {
            stride: [self.stride; 2],
            padding: Padding::from([0, self.beyond[0], 0, self.beyond[1]]),
            groups,
            bias: false,
            ..Conv::new(filters.saturating_mul(groups), self.kernel)
        };
        conv.into()
    }
}

fn input(channels: u32, height: u32, width: u32) -> InputFile {
    InputFile::new("", [channels, height, width])
}

/// Rows and columns that make `positions`, neither beyond the limit: as few columns as do.
fn rows_and_columns(positions: u32) -> Option<(u32, u32)> {
    (positions.div_ceil(MAX_DIMENSION)..=positions.isqrt())
        .chain([1])
        .find(|&columns| positions.is_multiple_of(columns) && positions / columns <= MAX_DIMENSION)
        .map(|columns| (positions / columns, columns))
}

fn numbers(count: usize) -> String {
    match count {
        1 => "1 number".to_owned(),
        count => format!("{count} numbers"),
    }
}

#[cfg(test)]
mod tests;
