//! Kernels as text: WGSL with the few things that it lacks to unroll loops and to choose a type.
//!
//! A line `//#for r in ROWS` repeats what stands before its `//#end` for r from 0 to ROWS − 1, and
//! `//#if HALF` keeps it only where HALF is not zero; both nest. `${…}` is a sum of products of
//! names and numbers, or the name of a text. Unrolled code keeps what a thread sums in registers
//! whatever the driver's compiler makes of arrays, and constant places in arrays of workgroup
//! memory need no test against their bounds.

use std::collections::HashMap;
use std::fmt::Write as _;

/// What the names in a kernel's text mean.
#[derive(Clone, Debug, Default)]
pub(crate) struct Values {
    numbers: HashMap<&'static str, usize>,
    texts: HashMap<&'static str, &'static str>,
}

impl Values {
    /// With a number.
    #[must_use]
    pub fn number(mut self, name: &'static str, value: usize) -> Self {
        self.numbers.insert(name, value);
        self
    }

    /// With a choice, 1 or 0 in the text.
    #[must_use]
    pub fn choice(self, name: &'static str, value: bool) -> Self {
        self.number(name, usize::from(value))
    }

    /// With a text.
    #[must_use]
    pub fn text(mut self, name: &'static str, value: &'static str) -> Self {
        self.texts.insert(name, value);
        self
    }
}

/// The WGSL that a template stands for.
///
/// # Errors
/// A template that is not well formed, with the place: a mistake in this crate.
pub(crate) fn expand(template: &str, values: &Values) -> Result<String, String> {
    let lines: Vec<&str> = template.lines().collect();
    let mut output = String::with_capacity(4 * template.len());
    Expansion {
        values,
        counters: Vec::new(),
    }
    .block(&lines, &mut output)?;
    Ok(output)
}

struct Expansion<'a> {
    values: &'a Values,
    /// The loops around, from the outermost.
    counters: Vec<(&'a str, usize)>,
}

impl<'a> Expansion<'a> {
    fn block(&mut self, lines: &[&'a str], output: &mut String) -> Result<(), String> {
        let mut at = 0;
        while let Some(&line) = lines.get(at) {
            let Some(directive) = line.trim_start().strip_prefix("//#") else {
                self.line(line, output)?;
                at += 1;
                continue;
            };
            let length = body(&lines[at + 1..]).ok_or_else(|| format!("`{line}` has no end"))?;
            let inside = &lines[at + 1..at + 1 + length];
            if let Some(counter) = directive.strip_prefix("for ") {
                let (name, count) = (counter.split_once(" in "))
                    .ok_or_else(|| format!("`{line}` does not say how often"))?;
                for value in 0..self.number(count)? {
                    self.counters.push((name, value));
                    self.block(inside, output)?;
                    self.counters.pop();
                }
            } else if let Some(condition) = directive.strip_prefix("if ") {
                if self.number(condition)? != 0 {
                    self.block(inside, output)?;
                }
            } else {
                return Err(format!("`{line}` is not a directive"));
            }
            at += length + 2;
        }
        Ok(())
    }

    /// A line with its expressions replaced.
    fn line(&self, line: &str, output: &mut String) -> Result<(), String> {
        let mut rest = line;
        while let Some((before, behind)) = rest.split_once("${") {
            let (expression, after) = (behind.split_once('}'))
                .ok_or_else(|| format!("an expression of `{line}` has no end"))?;
            output.push_str(before);
            match self.values.texts.get(expression) {
                Some(text) => output.push_str(text),
                None => {
                    let number = self.number(expression)?;
                    write!(output, "{number}").map_err(|error| error.to_string())?;
                }
            }
            rest = after;
        }
        output.push_str(rest);
        output.push('\n');
        Ok(())
    }

    /// A sum of products.
    fn number(&self, expression: &str) -> Result<usize, String> {
        let mut sum = 0;
        for product in expression.split('+') {
            let mut value = 1;
            for factor in product.split('*') {
                value *= self.factor(factor.trim())?;
            }
            sum += value;
        }
        Ok(sum)
    }

    fn factor(&self, name: &str) -> Result<usize, String> {
        let counter = self.counters.iter().rev().find(|counter| counter.0 == name);
        (counter.map(|counter| counter.1))
            .or_else(|| self.values.numbers.get(name).copied())
            .or_else(|| name.parse().ok())
            .ok_or_else(|| format!("`{name}` has no value"))
    }
}

/// How many lines lie before the end of a block that has begun.
fn body(lines: &[&str]) -> Option<usize> {
    let mut depth = 0;
    lines.iter().position(|line| {
        let directive = line.trim_start().strip_prefix("//#");
        match directive {
            Some("end") if depth == 0 => return true,
            Some("end") => depth -= 1,
            Some(_) => depth += 1,
            None => {}
        }
        false
    })
}

#[cfg(test)]
mod tests {
    use super::{Values, expand};

    #[test]
    fn loops_and_choices_nest() {
        let template = "a${T}\n//#for i in N\n//#if YES\nx${i}\n//#end\n//#for j in 2\ny${i*3+j}\n//#end\n//#end\nb\n";
        let values = Values::default()
            .number("N", 2)
            .choice("YES", true)
            .text("T", "f16");
        let text = expand(template, &values).unwrap();
        assert_eq!(text, "af16\nx0\ny0\ny1\nx1\ny3\ny4\nb\n");
        let values = values.choice("YES", false).number("N", 1);
        assert_eq!(expand(template, &values).unwrap(), "af16\ny0\ny1\nb\n");
    }

    #[test]
    fn mistakes_are_errors() {
        for template in [
            "//#for i in 2\n",
            "${X}",
            "${",
            "//#while\n//#end",
            "//#for i\n//#end",
        ] {
            assert!(expand(template, &Values::default()).is_err(), "{template}");
        }
    }
}
