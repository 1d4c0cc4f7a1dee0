//! The three operands of a layer, and a value for each.

use std::fmt;
use std::ops::{Index, IndexMut};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The three operands of a tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Operand {
    /// Input activations.
    Activation,
    /// Weights, or the second activation of a matrix product.
    Weight,
    /// Outputs and partial sums.
    Output,
}

impl Operand {
    /// All three, in the order in which they are simulated and reported.
    pub const ALL: [Operand; 3] = [Operand::Activation, Operand::Weight, Operand::Output];
}

impl fmt::Display for Operand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Operand::Activation => "activation",
            Operand::Weight => "weight",
            Operand::Output => "output",
        })
    }
}

/// A value for each operand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct PerOperand<T> {
    /// That of the activations.
    pub activation: T,
    /// That of the weights.
    pub weight: T,
    /// That of the outputs and partial sums.
    pub output: T,
}

impl<T> PerOperand<T> {
    /// What `value` gives for each, asked in the order of [`Operand::ALL`].
    pub fn of(mut value: impl FnMut(Operand) -> T) -> Self {
        PerOperand {
            activation: value(Operand::Activation),
            weight: value(Operand::Weight),
            output: value(Operand::Output),
        }
    }

    /// As [`of`](Self::of), where a value may be wanting.
    ///
    /// # Errors
    /// The first that `value` gives.
    pub fn try_of<E>(mut value: impl FnMut(Operand) -> Result<T, E>) -> Result<Self, E> {
        Ok(PerOperand {
            activation: value(Operand::Activation)?,
            weight: value(Operand::Weight)?,
            output: value(Operand::Output)?,
        })
    }

    /// The same value for each.
    pub fn same(value: T) -> Self
    where
        T: Copy,
    {
        PerOperand::of(|_| value)
    }

    /// What `change` makes of each value.
    pub fn map<U>(self, mut change: impl FnMut(T) -> U) -> PerOperand<U> {
        PerOperand {
            activation: change(self.activation),
            weight: change(self.weight),
            output: change(self.output),
        }
    }

    /// The values in the order of [`Operand::ALL`].
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        [&self.activation, &self.weight, &self.output].into_iter()
    }
}

impl<T> Index<Operand> for PerOperand<T> {
    type Output = T;

    #[inline]
    fn index(&self, operand: Operand) -> &T {
        match operand {
            Operand::Activation => &self.activation,
            Operand::Weight => &self.weight,
            Operand::Output => &self.output,
        }
    }
}

impl<T> IndexMut<Operand> for PerOperand<T> {
    #[inline]
    fn index_mut(&mut self, operand: Operand) -> &mut T {
        match operand {
            Operand::Activation => &mut self.activation,
            Operand::Weight => &mut self.weight,
            Operand::Output => &mut self.output,
        }
    }
}

/// In the order of [`Operand::ALL`].
#[cfg(test)]
impl<T> From<[T; 3]> for PerOperand<T> {
    fn from([activation, weight, output]: [T; 3]) -> Self {
        PerOperand {
            activation,
            weight,
            output,
        }
    }
}
