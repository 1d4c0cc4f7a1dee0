//! "Did you mean": the candidate a misspelt word is closest to.

/// The candidate most similar to `word`, if any is similar enough to be worth suggesting.
///
/// Similarity is the Damerau-Levenshtein distance on lower-cased text, where `-`, `_` and ` ` count as
/// the same character; a candidate qualifies if at most a third of the longer word (and at least one
/// character) has to change, or if one of the two begins with the other. Ties go to the earlier candidate.
pub(crate) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    // A suggestion for a page of text is of no use, and the distance is quadratic.
    const MAX_WORD: usize = 64;
    let word = normalised(word);
    let length = word.chars().count();
    if length == 0 || length > MAX_WORD {
        return None;
    }
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        let other = normalised(candidate);
        let other_length = other.chars().count();
        if other_length > MAX_WORD {
            continue;
        }
        let distance = strsim::damerau_levenshtein(&word, &other);
        let allowed = (length.max(other_length) / 3).max(1);
        let is_prefix =
            length.min(other_length) >= 3 && (other.starts_with(&word) || word.starts_with(&other));
        if (distance <= allowed || is_prefix) && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

fn normalised(word: &str) -> String {
    word.chars()
        .map(|c| match c {
            '-' | ' ' => '_',
            _ => c,
        })
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn suggests_what_is_close() {
        let names = ["resnet18", "resnet50", "vgg16", "llama7b_block_decode"];
        assert_eq!(nearest("resnet5", names), Some("resnet50"));
        assert_eq!(nearest("ResNet-50", names), Some("resnet50"));
        assert_eq!(nearest("llama7b", names), Some("llama7b_block_decode"));
        assert_eq!(nearest("vgg16_with_batch_norm", names), Some("vgg16"));
        assert_eq!(nearest("bert", names), None);
        assert_eq!(nearest("", names), None);
        assert_eq!(nearest(&"x".repeat(100_000), names), None);
    }
}
