//! A node of the graph with its attributes.

use std::collections::HashMap;

use rten_onnx::onnx::{AttributeProto, NodeProto, TensorProto};

use super::problem::{OpResult, Problem};
use crate::workload::MAX_DIMENSION;

/// A node of the graph.
#[derive(Debug)]
pub(super) struct Node {
    /// As in the file; may be empty.
    pub(super) name: String,
    /// Its operator, with the domain in front unless that is the default one.
    pub(super) operator: String,
    /// Names of what it reads; empty for an optional one left out.
    pub(super) inputs: Vec<String>,
    /// Names of what it makes.
    pub(super) outputs: Vec<String>,
    attributes: HashMap<String, AttributeProto>,
}

impl Node {
    pub(super) fn new(node: NodeProto) -> Node {
        let operator = node.op_type.unwrap_or_default();
        let operator = match node.domain.as_deref() {
            None | Some("" | "ai.onnx") => operator,
            Some(domain) => format!("{domain}.{operator}"),
        };
        let attributes = node
            .attribute
            .into_iter()
            .map(|attribute| (attribute.name.clone().unwrap_or_default(), attribute))
            .collect();
        Node {
            name: node.name.unwrap_or_default(),
            operator,
            inputs: node.input,
            outputs: node.output,
            attributes,
        }
    }

    /// Its name, or that of its first output.
    pub(super) fn label(&self) -> &str {
        match (self.name.is_empty(), self.outputs.first()) {
            (true, Some(output)) => output,
            _ => &self.name,
        }
    }

    /// ``node `conv1` (Conv)``.
    pub(super) fn part(&self) -> String {
        format!("node `{}` ({})", shown(self.label()), shown(&self.operator))
    }

    /// The name of input `index`, if the node has it.
    pub(super) fn input(&self, index: usize) -> Option<&str> {
        let name = self.inputs.get(index)?;
        (!name.is_empty()).then_some(name.as_str())
    }

    /// The name of output `index`, if the node gives it.
    pub(super) fn output(&self, index: usize) -> Option<&str> {
        let name = self.outputs.get(index)?;
        (!name.is_empty()).then_some(name.as_str())
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.attributes.contains_key(name)
    }

    pub(super) fn int(&self, name: &str, default: i64) -> OpResult<i64> {
        match self.attributes.get(name) {
            None => Ok(default),
            Some(attribute) => match attribute.i {
                Some(value) => Ok(value),
                None => wrong_type(name, "an integer"),
            },
        }
    }

    pub(super) fn float(&self, name: &str, default: f32) -> OpResult<f32> {
        match self.attributes.get(name) {
            None => Ok(default),
            Some(attribute) => match attribute.f {
                Some(value) => Ok(value),
                None => wrong_type(name, "a number"),
            },
        }
    }

    pub(super) fn text<'n>(&'n self, name: &str, default: &'n str) -> OpResult<&'n str> {
        match self.attributes.get(name) {
            None => Ok(default),
            Some(attribute) => match &attribute.s {
                Some(value) => Ok(value),
                None => wrong_type(name, "a text"),
            },
        }
    }

    pub(super) fn ints(&self, name: &str) -> Option<&[i64]> {
        Some(&self.attributes.get(name)?.ints)
    }

    pub(super) fn floats(&self, name: &str) -> Option<&[f32]> {
        Some(&self.attributes.get(name)?.floats)
    }

    pub(super) fn tensor(&self, name: &str) -> Option<&TensorProto> {
        self.attributes.get(name)?.t.as_ref()
    }

    /// `N` sizes that a network file could hold.
    pub(super) fn sizes<const N: usize>(&self, name: &str) -> OpResult<Option<[u32; N]>> {
        let Some(values) = self.ints(name) else {
            return Ok(None);
        };
        let sizes: Vec<u32> = values
            .iter()
            .filter_map(|&value| u32::try_from(value).ok())
            .filter(|&size| size <= MAX_DIMENSION)
            .collect();
        match (sizes.len() == values.len(), <[u32; N]>::try_from(sizes)) {
            (true, Ok(sizes)) => Ok(Some(sizes)),
            _ => Problem::new(format!("attribute `{name}` is {}", shortened(values)))
                .expected(format!(
                    "{N} numbers from 0 to {MAX_DIMENSION} (two spatial axes)"
                ))
                .fail(),
        }
    }

    /// Refuses an attribute with another value than the one supported.
    pub(super) fn only(&self, name: &str, value: i64) -> OpResult<()> {
        match self.int(name, value)? {
            found if found == value => Ok(()),
            found => Problem::new(format!("attribute `{name}` is {found}"))
                .expected(format!("{value}: nothing else is supported"))
                .fail(),
        }
    }

    /// Refuses outputs beyond the first.
    pub(super) fn one_output(&self) -> OpResult<()> {
        match self.output(1) {
            None => Ok(()),
            Some(name) => Problem::new(format!("it gives a second output, `{}`", shown(name)))
                .expected("one output")
                .fail(),
        }
    }
}

fn wrong_type<T>(name: &str, expected: &str) -> OpResult<T> {
    Problem::new(format!("attribute `{name}` has another type"))
        .expected(expected)
        .fail()
}

/// A name as far as anyone reads it: what is said of a file must not grow with the names in it.
pub(super) fn shown(name: &str) -> String {
    const MOST: usize = 120;
    match name.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}...", &name[..end]),
        None => name.to_owned(),
    }
}

/// The values as far as anyone reads them.
pub(super) fn shortened(values: &[i64]) -> String {
    match values.len() {
        0..=12 => format!("{values:?}"),
        count => format!("a list of {count}"),
    }
}
