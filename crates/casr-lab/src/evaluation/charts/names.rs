//! File names for sets of images, whatever these are called.

/// Letters that a name has at most; file systems allow 255 bytes.
const LONGEST: usize = 100;

/// The names given so far.
#[derive(Default)]
pub struct Names(Vec<String>);

impl Names {
    /// A name for files about `set`: letters, digits, `-`, `_` and `.`, and not one that another
    /// set has, in whatever case.
    pub fn of(&mut self, set: &str) -> String {
        let safe = |letter: char| {
            if letter.is_ascii_alphanumeric() || "-_.".contains(letter) {
                letter
            } else {
                '_'
            }
        };
        let plain: String = set.chars().map(safe).take(LONGEST).collect();
        let mut name = plain.clone();
        let mut number = 2;
        while self.0.iter().any(|other| other.eq_ignore_ascii_case(&name)) {
            name = format!("{plain}-{number}");
            number += 1;
        }
        self.0.push(name.clone());
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_safe_and_differ() {
        let mut names = Names::default();
        let sets = [
            "Set5",
            "a/b",
            "a b",
            "a_b-2",
            "set5",
            "../é",
            &"x".repeat(300),
        ];
        let given = sets.map(|set| names.of(set));
        let long = "x".repeat(LONGEST);
        let expected = ["Set5", "a_b", "a_b-2", "a_b-2-2", "set5-2", ".._", &long];
        assert_eq!(given[..5], expected[..5]);
        assert_eq!(given[5], ".._".to_owned() + "_");
        assert_eq!(given[6], long);
    }
}
