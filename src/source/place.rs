//! A spot inside a RON document, named by the way to it.

use std::fmt;

/// One part of the way down a RON document.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum PathPart {
    /// Into a named field of a struct or struct variant, or to a key of a map.
    Field(String),
    /// To an element of a list or tuple, counted from 0.
    Index(usize),
}

/// A spot inside a RON document, such as `layers[3].op.kernel[0]`.
///
/// Names of structs and variants do not take part: a field of `conv(kernel: (3, 3))` is one
/// [`PathPart::Field`], and `Some(x)` is the same place as `x`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Place(Vec<PathPart>);

impl Place {
    /// The whole document.
    pub fn root() -> Self {
        Place(Vec::new())
    }

    /// The field `name` of this place.
    #[must_use]
    pub fn field(mut self, name: impl Into<String>) -> Self {
        self.0.push(PathPart::Field(name.into()));
        self
    }

    /// Element `index` of this place, counted from 0.
    #[must_use]
    pub fn index(mut self, index: usize) -> Self {
        self.0.push(PathPart::Index(index));
        self
    }

    /// The place that `parts` lead to.
    pub(super) fn from_parts(parts: &[PathPart]) -> Self {
        Place(parts.to_vec())
    }

    /// The way from the root of the document.
    pub fn parts(&self) -> &[PathPart] {
        &self.0
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("the whole file");
        }
        for (depth, step) in self.0.iter().enumerate() {
            match step {
                PathPart::Field(name) if depth == 0 => write!(f, "{name}")?,
                PathPart::Field(name) => write!(f, ".{name}")?,
                PathPart::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Place;

    #[test]
    fn reads_like_a_path() {
        let place = Place::root().field("layers").index(3).field("kernel");
        assert_eq!(place.index(0).to_string(), "layers[3].kernel[0]");
        assert_eq!(Place::root().to_string(), "the whole file");
    }
}
