//! The order of the address fields.

/// A field of the address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Channel,
    Rank,
    BankGroup,
    Bank,
    Row,
    Column,
}

impl Field {
    /// Every field with its two letters.
    pub(super) const ALL: [(&'static str, Field); 6] = [
        ("ch", Field::Channel),
        ("ra", Field::Rank),
        ("bg", Field::BankGroup),
        ("ba", Field::Bank),
        ("ro", Field::Row),
        ("co", Field::Column),
    ];
}

/// What is wrong with a mapping string.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum MappingFault {
    #[error("`{0}` is no address field")]
    Unknown(String),
    #[error("the field `{0}` appears more than once")]
    Doubled(&'static str),
    #[error("the field `{0}` is missing")]
    Missing(&'static str),
}

/// Splits a mapping string into its fields, most significant first.
pub(super) fn parse_mapping(text: &str) -> Result<[Field; 6], Vec<MappingFault>> {
    let mut faults = Vec::new();
    let mut fields = Vec::new();
    let letters: Vec<char> = text.chars().collect();
    for pair in letters.chunks(2) {
        let word: String = pair.iter().collect();
        match Field::ALL.iter().find(|(name, _)| *name == word) {
            Some(&(name, field)) if fields.contains(&field) => {
                faults.push(MappingFault::Doubled(name));
            }
            Some(&(_, field)) => fields.push(field),
            None => faults.push(MappingFault::Unknown(word)),
        }
    }
    let missing = Field::ALL
        .iter()
        .filter(|(_, field)| !fields.contains(field));
    faults.extend(missing.map(|(name, _)| MappingFault::Missing(name)));
    match <[Field; 6]>::try_from(fields) {
        Ok(fields) if faults.is_empty() => Ok(fields),
        _ => Err(faults),
    }
}
