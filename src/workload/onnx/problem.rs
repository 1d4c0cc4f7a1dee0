//! What can be wrong with a node.

/// What is wrong, before it is known where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) message: String,
    pub(super) note: String,
    pub(super) help: Option<String>,
}

/// Why a node could not be taken over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Failure {
    /// Something is wrong with it.
    Said(Problem),
    /// Its operator is not one that is read.
    Unsupported(Problem),
    /// It reads what another node should have made, of which something has been said.
    Silent,
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Failure::Said(problem)
    }
}

/// What becomes of a node or a part of it.
pub(super) type OpResult<T> = Result<T, Failure>;

impl Problem {
    pub(super) fn new(message: impl Into<String>) -> Problem {
        Problem {
            message: message.into(),
            note: String::new(),
            help: None,
        }
    }

    #[must_use]
    pub(super) fn expected(self, expected: impl Into<String>) -> Problem {
        let expected: String = expected.into();
        self.note(format!("expected {expected}"))
    }

    #[must_use]
    pub(super) fn note(self, note: impl Into<String>) -> Problem {
        Problem {
            note: note.into(),
            ..self
        }
    }

    #[must_use]
    pub(super) fn help(self, help: Option<String>) -> Problem {
        Problem { help, ..self }
    }

    pub(super) fn fail<T>(self) -> OpResult<T> {
        Err(Failure::Said(self))
    }
}

/// Says of which input of a node a problem is.
pub(super) fn about<T>(what: &str, outcome: OpResult<T>) -> OpResult<T> {
    let of_input = |problem: Problem| Problem {
        message: format!("{what}: {}", problem.message),
        ..problem
    };
    outcome.map_err(|failure| match failure {
        Failure::Said(problem) => Failure::Said(of_input(problem)),
        Failure::Unsupported(problem) => Failure::Unsupported(of_input(problem)),
        Failure::Silent => Failure::Silent,
    })
}
