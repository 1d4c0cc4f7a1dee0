//! A network file to a network: names to ids, shapes, and every check.

use std::collections::HashMap;

use super::count::Gemm;
use super::file::{LayerFile, NetworkFile};
use super::limits::{MAX_BATCH, MAX_DIMENSION, MAX_LAYERS, MAX_TENSOR_ELEMENTS};
use super::network::{Layer, LayerId, Network, Tensor, TensorId, signedness};
use super::op::Op;
use super::shape::{Input, Inspector, Shape, check_size};
use crate::blocked::Signedness;
use crate::source::{Checker, Diagnostics, Place, SourceFile, nearest};

impl NetworkFile {
    /// The network, with all shapes inferred and everything checked.
    ///
    /// # Errors
    /// Everything wrong with the names, shapes and sizes, as [`load`](super::load) says, each with its place
    /// (`layers[1].op.kernel`).
    pub fn build(self) -> Result<Network, Diagnostics> {
        build(&SourceFile::from_text(self.name.as_str(), ""), self)
    }
}

/// Builds and checks the network that `network`, the content of `file`, describes.
pub(super) fn build(file: &SourceFile, network: NetworkFile) -> Result<Network, Diagnostics> {
    let mut checker = Checker::new(file);
    check_frame(&mut checker, &network);
    let mut builder = Builder::new(&mut checker, &network);
    builder.add_inputs();
    // Of a file with too many layers only that is said.
    if network.layers.len() <= MAX_LAYERS {
        builder.add_layers();
    }
    let Builder {
        tensors, layers, ..
    } = builder;
    // A tensor or layer is missing only where something has been reported.
    let (tensors, layers) = checker.finish((tensors, layers))?;
    let tensors: Vec<Tensor> = tensors.into_iter().flatten().collect();
    let layers: Vec<Layer> = layers.into_iter().flatten().collect();
    let network = Network {
        consumers: consumers(tensors.len(), &layers),
        name: network.name,
        description: network.description,
        batch: network.batch,
        published: network.published,
        tensors,
        layers,
    };
    check_whole(file, network)
}

/// The name, the batch and the numbers of inputs and layers.
fn check_frame(checker: &mut Checker<'_>, network: &NetworkFile) {
    let field = |name: &str| Place::root().field(name);
    check_name(checker, field("name"), &network.name);
    if network.batch == 0 || network.batch > MAX_BATCH {
        let message = format!("a batch of {} images", network.batch);
        checker.report(field("batch"), message, format!("1 to {MAX_BATCH}"));
    }
    if network.inputs.is_empty() {
        checker.report(field("inputs"), "the network has no inputs", "at least one");
    }
    match network.layers.len() {
        0 => checker.report(field("layers"), "the network has no layers", "at least one"),
        count if count > MAX_LAYERS => {
            let message = format!("the network has {count} layers");
            checker.report(field("layers"), message, format!("at most {MAX_LAYERS}"));
        }
        _ => {}
    }
}

fn check_name(checker: &mut Checker<'_>, place: Place, name: &str) {
    if let Some((message, expected)) = name_problem(name) {
        checker.report(place, message, expected);
    }
}

/// What is wrong with a name, and what would be right.
pub(super) fn name_problem(name: &str) -> Option<(String, &'static str)> {
    // Approximation files name layers by patterns with these two wildcards.
    let forbidden =
        |c: char| (c.is_whitespace() && c != ' ') || c.is_control() || matches!(c, '*' | '?');
    if name.is_empty() {
        return Some(("the name is empty".to_owned(), "at least one character"));
    }
    if name.trim() != name {
        let message = "a name cannot begin or end with white space".to_owned();
        return Some((message, "white space only inside"));
    }
    name.chars().find(|&c| forbidden(c)).map(|c| {
        (
            format!("a name cannot have the character {c:?}"),
            "no white space but spaces, no control characters, `*` or `?`",
        )
    })
}

/// What only the whole network shows.
fn check_whole(file: &SourceFile, network: Network) -> Result<Network, Diagnostics> {
    let mut checker = Checker::new(file);
    let inputs = network
        .tensors
        .iter()
        .filter(|tensor| tensor.producer.is_none());
    for (index, tensor) in inputs.enumerate() {
        if network.consumers[index].is_empty() {
            let place = Place::root().field("inputs").index(index).field("name");
            let message = format!("no layer reads the input `{}`", tensor.name);
            checker.report(place, message, "never used");
        }
    }
    if network.total_macs() == u64::MAX {
        let place = Place::root().field("layers");
        checker.report(
            place,
            "the MACs of all layers do not fit 64 bits",
            "too large",
        );
    }
    checker.finish(network)
}

fn consumers(tensors: usize, layers: &[Layer]) -> Vec<Vec<LayerId>> {
    let mut consumers = vec![Vec::new(); tensors];
    for (index, layer) in (0..).zip(layers) {
        for input in &layer.inputs {
            consumers[input.index()].push(LayerId(index));
        }
    }
    consumers
}

/// Goes through the file in order.
struct Builder<'b, 'f> {
    checker: &'b mut Checker<'f>,
    file: &'b NetworkFile,
    /// Inputs, then the outputs of the layers so far; none where the shape could not be told.
    tensors: Vec<Option<Tensor>>,
    layers: Vec<Option<Layer>>,
    /// Every name so far, with the index of its tensor and its place.
    known: HashMap<&'b str, (usize, Place)>,
    /// Every layer of the file: the first of each name.
    all: HashMap<&'b str, usize>,
}

impl<'b, 'f> Builder<'b, 'f> {
    fn new(checker: &'b mut Checker<'f>, file: &'b NetworkFile) -> Self {
        let mut all = HashMap::new();
        for (index, layer) in file.layers.iter().enumerate() {
            all.entry(layer.name.as_str()).or_insert(index);
        }
        Builder {
            checker,
            file,
            tensors: Vec::new(),
            layers: Vec::new(),
            known: HashMap::new(),
            all,
        }
    }

    /// Gives the next tensor its name, unless it is taken.
    fn name(&mut self, owner: &Place, name: &'b str) {
        let place = owner.clone().field("name");
        check_name(self.checker, place.clone(), name);
        match self.known.get(name) {
            Some((_, first)) => self.checker.report(
                place,
                format!("the name `{name}` is given twice"),
                format!("the first is {first}"),
            ),
            None => {
                self.known.insert(name, (self.tensors.len(), owner.clone()));
            }
        }
    }

    fn add_inputs(&mut self) {
        for (index, input) in self.file.inputs.iter().enumerate() {
            let place = Place::root().field("inputs").index(index);
            self.name(&place, &input.name);
            let sizes = [
                ("channels", input.channels),
                ("height", input.height),
                ("width", input.width),
            ];
            let mut valid = true;
            for (field, size) in sizes {
                valid &= check_size(self.checker, place.clone().field(field), field, size);
            }
            let shape = Shape {
                channels: u64::from(input.channels),
                height: u64::from(input.height),
                width: u64::from(input.width),
            };
            let signedness = match input.signed {
                true => Signedness::Signed,
                false => Signedness::Unsigned,
            };
            let tensor = valid.then(|| self.tensor(place, &input.name, shape, signedness));
            self.tensors.push(tensor.flatten().map(|tensor| Tensor {
                is_parameter: input.parameter,
                ..tensor
            }));
        }
    }

    /// A tensor, if its size is within the limits.
    fn tensor(
        &mut self,
        place: Place,
        name: &str,
        shape: Shape,
        signedness: Signedness,
    ) -> Option<Tensor> {
        let Some([channels, height, width]) = shape.within_limits() else {
            self.checker.report(
                place,
                format!("the tensor `{name}` would be {shape}"),
                format!("at most {MAX_DIMENSION} each, {MAX_TENSOR_ELEMENTS} elements"),
            );
            return None;
        };
        Some(Tensor {
            name: name.to_owned(),
            channels,
            height,
            width,
            signedness,
            producer: None,
            is_parameter: false,
        })
    }

    fn add_layers(&mut self) {
        for (index, layer) in self.file.layers.iter().enumerate() {
            let place = Place::root().field("layers").index(index);
            let inputs = self.inputs(index, layer, &place);
            let built = self.layer(index, layer, inputs, &place);
            // Only now, so that a layer cannot read itself.
            self.name(&place, &layer.name);
            let (layer, tensor) = built.unzip();
            self.layers.push(layer);
            self.tensors.push(tensor);
        }
    }

    /// Indices of the tensors a layer reads; none if one does not exist or they are too many or few.
    fn inputs(&mut self, index: usize, layer: &'b LayerFile, place: &Place) -> Option<Vec<usize>> {
        let place = place.clone().field("inputs");
        let inputs = match &layer.inputs {
            Some(names) => {
                let found: Vec<Option<usize>> = names
                    .iter()
                    .enumerate()
                    .map(|(at, name)| self.resolve(index, name, place.clone().index(at)))
                    .collect();
                found.into_iter().collect::<Option<Vec<usize>>>()?
            }
            None if index == 0 && self.file.inputs.len() != 1 => {
                let message = "the first layer of a network with several inputs must name its own";
                self.checker
                    .report(place, message, "expected `inputs: [..]` in here");
                return None;
            }
            None => vec![self.tensors.len() - 1],
        };
        let count = inputs.len();
        let op = &layer.op;
        let (fits, expected) = match op {
            Op::Concat(_) => (count >= 2, "two or more inputs"),
            Op::MatMul(_) => (count == 2, "two inputs"),
            Op::Elementwise(op) if op.function.inputs() == 2 => (count == 2, "two inputs"),
            _ => (count == 1, "one input"),
        };
        if !fits {
            let message = format!("`{}` takes {expected}, not {count}", op.name());
            self.checker
                .report(place, message, format!("expected {expected}"));
        }
        fits.then_some(inputs)
    }

    /// The index of the tensor that layer `index` calls `name`.
    fn resolve(&mut self, index: usize, name: &str, place: Place) -> Option<usize> {
        if let Some(&(tensor, _)) = self.known.get(name) {
            return Some(tensor);
        }
        if let Some(&later) = self.all.get(name) {
            let message = match later == index {
                true => format!("the layer `{name}` reads its own output"),
                false => format!("the layer `{name}` comes later in the file"),
            };
            let help = "layers stand in an order in which they can be computed";
            self.checker
                .report_with_help(place, message, "expected an earlier layer", help);
            return None;
        }
        let message = format!("there is no input or layer `{name}`");
        let expected = "expected the name of an input or an earlier layer";
        // Comparing with every name is slow, and nobody reads the five hundredth suggestion.
        let near = match self.checker.is_full() {
            true => None,
            false => nearest(name, self.names_so_far(index)),
        };
        match near {
            Some(near) => {
                let help = format!("did you mean `{near}`?");
                self.checker
                    .report_with_help(place, message, expected, help);
            }
            None => self.checker.report(place, message, expected),
        }
        None
    }

    fn names_so_far(&self, index: usize) -> impl Iterator<Item = &'b str> {
        let inputs = self.file.inputs.iter().map(|input| input.name.as_str());
        let layers = self.file.layers[..index]
            .iter()
            .map(|layer| layer.name.as_str());
        // The nearest of equals is the one just before.
        inputs.chain(layers).rev()
    }

    /// A layer and its output, if everything about it fits.
    fn layer(
        &mut self,
        index: usize,
        layer: &LayerFile,
        inputs: Option<Vec<usize>>,
        place: &Place,
    ) -> Option<(Layer, Tensor)> {
        let mut inspector = Inspector {
            checker: &mut *self.checker,
            layer: place.clone(),
        };
        let op = &layer.op;
        let valid = inspector.sizes_are_valid(op);
        let inputs = inputs.filter(|_| valid)?;
        let read: Vec<&Tensor> = inputs
            .iter()
            .map(|&tensor| self.tensors[tensor].as_ref())
            .collect::<Option<_>>()?;
        let shapes: Vec<Input<'_>> = read.iter().map(|tensor| input(tensor)).collect();
        let shape = inspector.output(op, &shapes)?;
        let signs: Vec<Signedness> = read.iter().map(|tensor| tensor.signedness).collect();
        let signedness = signedness(op, layer.activation, &signs);
        let mut tensor = self.tensor(place.clone(), &layer.name, shape, signedness)?;
        tensor.producer = Some(LayerId(u32::try_from(index).ok()?));
        self.check_work(op, &inputs, &tensor, place);
        let id = |tensor: usize| u32::try_from(tensor).ok().map(TensorId);
        let layer = Layer {
            name: layer.name.clone(),
            op: op.clone(),
            activation: layer.activation,
            inputs: inputs.into_iter().map(id).collect::<Option<_>>()?,
            output: id(self.tensors.len())?,
        };
        Some((layer, tensor))
    }

    /// Weights and MACs within the limits.
    fn check_work(&mut self, op: &Op, inputs: &[usize], output: &Tensor, place: &Place) {
        let inputs: Option<Vec<&Tensor>> = inputs
            .iter()
            .map(|&tensor| self.tensors[tensor].as_ref())
            .collect();
        let Some(gemm) = inputs.and_then(|inputs| Gemm::of(op, &inputs, output)) else {
            return;
        };
        let place = place.clone().field("op");
        let weights = gemm.checked_weight_elements();
        if weights.is_none_or(|weights| weights > MAX_TENSOR_ELEMENTS) {
            let Gemm { groups, n, k, .. } = gemm;
            let message = format!("the weights would be {groups} times {n}x{k}");
            let expected = format!("at most {MAX_TENSOR_ELEMENTS} elements");
            self.checker.report(place, message, expected);
            return;
        }
        let batch = u64::from(self.file.batch);
        if gemm
            .checked_macs()
            .and_then(|macs| macs.checked_mul(batch))
            .is_none()
        {
            let message = "the MACs of this layer do not fit 64 bits";
            self.checker.report(place, message, "too large");
        }
    }
}

fn input(tensor: &Tensor) -> Input<'_> {
    Input {
        name: &tensor.name,
        shape: Shape {
            channels: u64::from(tensor.channels),
            height: u64::from(tensor.height),
            width: u64::from(tensor.width),
        },
    }
}
