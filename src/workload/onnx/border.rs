//! Padding in front of convolutions. Exporters write asymmetric padding (TensorFlow's `same` with a stride) as a Pad node of
//! its own; hardware pads while it reads. So a Pad that only Conv nodes read becomes part of them, not a layer.

use std::collections::HashMap;

use super::graph::Graph;
use super::node::Node;
use super::sliding::SlidingGeometry;

/// Rows and columns of zeros around an image: top, bottom, left, right.
pub(super) type Border = [u32; 4];

/// The nodes that read what Pad nodes make.
#[derive(Debug)]
pub(super) struct Readers<'g>(HashMap<&'g str, Vec<&'g Node>>);

impl<'g> Readers<'g> {
    pub(super) fn of(graph: &'g Graph) -> Readers<'g> {
        let pads = graph.nodes.iter().filter(|node| node.operator == "Pad");
        let mut readers: HashMap<&str, Vec<&Node>> = pads
            .filter_map(|node| Some((node.output(0)?, Vec::new())))
            .collect();
        for node in &graph.nodes {
            for input in &node.inputs {
                if let Some(readers) = readers.get_mut(input.as_str()) {
                    readers.push(node);
                }
            }
        }
        Readers(readers)
    }

    /// Whether all that reads the output of `pad` can pad by `border` itself.
    pub(super) fn can_pad(&self, graph: &Graph, pad: &Node, border: Border) -> bool {
        let Some(output) = pad.output(0) else {
            return false;
        };
        // Outputs of the graph are read by no node.
        self.0.get(output).is_some_and(|readers| {
            graph.uses.get(output) == Some(&readers.len())
                && readers.iter().all(|node| pads(node, output, border))
        })
    }
}

/// Whether `node` is a convolution of the image `input` whose own padding and `border` together stay smaller than its
/// kernel, as a convolution's padding must. A wrong attribute is said where the node is read.
fn pads(node: &Node, input: &str, border: Border) -> bool {
    let is_explicit = matches!(node.text("auto_pad", "NOTSET"), Ok("NOTSET" | "" | "VALID"));
    if node.operator != "Conv" || node.input(0) != Some(input) || !is_explicit {
        return false;
    }
    let Ok(Some(kernel)) = node.sizes("kernel_shape") else {
        return false;
    };
    // Of explicit padding the size of the image does not matter.
    let Ok(window) = SlidingGeometry::of(node, kernel) else {
        return false;
    };
    window.padding(node, [0, 0]).is_ok_and(|own| {
        (0..4).all(|side| u64::from(own[side]) + u64::from(border[side]) < window.reach(side / 2))
    })
}
