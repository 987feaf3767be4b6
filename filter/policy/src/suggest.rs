//! "Did you mean": the nearest of the names that would have been right.

/// A question that names the candidate nearest to `given`, if one is near enough to be meant.
#[must_use]
pub fn did_you_mean<'a>(
    given: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    // A third of the letters may be wrong; more is another word.
    let tolerated = (given.chars().count() / 3).max(1);
    let scored = candidates.into_iter().filter(|candidate| *candidate != given);
    let scored = scored.map(|candidate| (distance(given, candidate), candidate));
    let nearest = scored.filter(|(distance, _)| *distance <= tolerated).min()?;
    Some(format!("did you mean `{}`?", nearest.1))
}

/// Insertions, deletions, substitutions and swaps of neighbours (optimal string alignment), where
/// a letter in another case is no difference.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    // Three rows of the table, each with the cells of one more letter of `a`.
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    let mut last_a = None;
    for (row, in_a) in a.chars().enumerate() {
        let same = |one: char, other: char| one.eq_ignore_ascii_case(&other);
        let mut current = vec![row + 1];
        let mut last_b = None;
        for (column, in_b) in b.iter().copied().enumerate() {
            let cell =
                |row: &[usize], column: usize| row.get(column).copied().unwrap_or(usize::MAX);
            let substituted = cell(&above, column) + usize::from(!same(in_a, in_b));
            let dropped = cell(&above, column + 1) + 1;
            let added = cell(&current, column) + 1;
            let swapped = last_a.zip(last_b).filter(|(a, b)| same(*a, in_b) && same(in_a, *b));
            let swapped = swapped.map(|_| cell(&before, column - 1) + 1);
            let best = substituted.min(dropped).min(added);
            current.push(swapped.map_or(best, |swapped| best.min(swapped)));
            last_b = Some(in_b);
        }
        before = std::mem::replace(&mut above, current);
        last_a = Some(in_a);
    }
    above.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{did_you_mean, distance};

    #[test]
    fn distances() {
        let cases = [
            ("", "abc", 3),
            ("name", "name", 0),
            ("nmae", "name", 1),
            ("Name", "name", 0),
            ("ab", "bca", 3),
        ];
        for (a, b, expected) in cases {
            assert_eq!(distance(a, b), expected, "{a} {b}");
            assert_eq!(distance(b, a), expected, "{b} {a}");
        }
    }

    #[test]
    fn only_what_is_near_is_suggested() {
        let names = ["owner", "ownerRef", "name"];
        assert_eq!(did_you_mean("nmae", names).as_deref(), Some("did you mean `name`?"));
        assert_eq!(did_you_mean("ownr", names).as_deref(), Some("did you mean `owner`?"));
        assert_eq!(did_you_mean("secret", names), None);
        assert_eq!(did_you_mean("name", ["name"]), None);
    }
}
