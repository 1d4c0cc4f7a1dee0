//! Reading an approximation configuration.

use super::config::{ApproximationFile, OperandSpec};
use crate::source::{self, Checker, Diagnostics, FileKind, LoadError, Place, SourceFile};

/// A configuration and the file it came from, to which later errors point.
#[derive(Debug, Clone)]
pub struct Approximation {
    source: SourceFile,
    config: ApproximationFile,
}

impl Approximation {
    /// Reads the configuration in `source`.
    ///
    /// # Errors
    /// A syntax or type error (the first one), else every value that no PE could take, each at its place.
    pub fn load(source: SourceFile) -> Result<Approximation, Diagnostics> {
        let config: ApproximationFile = source::parse_as(FileKind::Approximation, &source)?;
        let mut checker = Checker::new(&source);
        check(&config, &mut checker);
        let config = checker.finish(config)?;
        Ok(Approximation { source, config })
    }

    /// Opens a shipped configuration by name, or a file by path, and reads it.
    ///
    /// # Errors
    /// As [`source::open`] and [`Approximation::load`].
    pub fn open(name_or_path: &str) -> Result<Approximation, LoadError> {
        let source = source::open(FileKind::Approximation, name_or_path)?;
        Ok(Approximation::load(source)?)
    }

    /// A configuration made by a program. Errors point into the text it would be written as ([`Approximation::source`]).
    ///
    /// # Errors
    /// As [`Approximation::load`].
    pub fn from_config(config: &ApproximationFile) -> Result<Approximation, Diagnostics> {
        let text = ron::ser::to_string_pretty(config, ron::ser::PrettyConfig::default())
            .unwrap_or_default();
        Approximation::load(SourceFile::from_text(format!("{}.ron", config.name), text))
    }

    /// The file's text and name.
    pub fn source(&self) -> &SourceFile {
        &self.source
    }

    /// What the file says.
    pub fn config(&self) -> &ApproximationFile {
        &self.config
    }

    /// Gives the configuration another name than that in its file, which stays as it is.
    pub fn rename(&mut self, name: String) {
        self.config.name = name;
    }
}

/// What can be said without knowing PE and network.
fn check(config: &ApproximationFile, checker: &mut Checker<'_>) {
    let root = Place::root();
    if config.name.is_empty() {
        checker.report(
            root.clone().field("name"),
            "the name is empty",
            "expected a name",
        );
    }
    if let Some(bits) = config.block_bits
        && !(1..=8).contains(&bits)
    {
        checker.report(
            root.clone().field("block_bits"),
            format!("`block_bits` is {bits}"),
            "expected 1 to 8",
        );
    }
    let default = root.clone().field("default");
    check_operand(
        checker,
        &default,
        "activations",
        Some(config.default.activations),
    );
    check_operand(checker, &default, "weights", Some(config.default.weights));
    check_products(checker, &default, config.default.products);
    for (index, entry) in config.layers.iter().enumerate() {
        let place = root.clone().field("layers").index(index);
        if entry.layers.is_empty() {
            checker.report(
                place.clone().field("layers"),
                "the pattern is empty",
                "expected a layer's name or a pattern of `*` and `?`",
            );
        }
        if entry.activations.is_none() && entry.weights.is_none() && entry.products.is_none() {
            checker.report(
                place.clone(),
                "the entry says nothing of its layers",
                "expected `activations`, `weights` or `products`",
            );
        }
        check_operand(checker, &place, "activations", entry.activations);
        check_operand(checker, &place, "weights", entry.weights);
        check_products(checker, &place, entry.products);
    }
}

fn check_operand(
    checker: &mut Checker<'_>,
    parent: &Place,
    field: &str,
    operand: Option<OperandSpec>,
) {
    let place = parent.clone().field(field);
    match operand {
        Some(OperandSpec::Bits(bits)) if !(2..=8).contains(&bits) => checker.report(
            place,
            format!("operands of {bits} bits"),
            "expected 2 to 8 bits",
        ),
        Some(OperandSpec::Blocks { keep, .. }) if !(1..=8).contains(&keep) => checker.report(
            place.field("keep"),
            format!("`keep` is {keep}"),
            "expected 1 to 8 blocks",
        ),
        _ => {}
    }
}

fn check_products(checker: &mut Checker<'_>, parent: &Place, products: Option<u32>) {
    if let Some(products) = products
        && !(1..=64).contains(&products)
    {
        checker.report(
            parent.clone().field("products"),
            format!("`products` is {products}"),
            "expected 1 to 64 block products",
        );
    }
}
