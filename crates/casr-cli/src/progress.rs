//! Progress with the time left, on standard error, only where that is a terminal.

use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Letters of the bar.
const BAR: usize = 30;

/// The longest label, in letters: the line has to fit into a narrow terminal.
const LABEL: usize = 32;

/// How often the line is drawn anew at most.
const INTERVAL: Duration = Duration::from_millis(100);

/// A progress line for one piece of work; threads may share it.
pub struct Progress {
    label: String,
    /// None where nothing is to be shown.
    line: Option<Mutex<Line>>,
}

/// The line on the terminal.
struct Line {
    start: Instant,
    /// What is done, where that has a name.
    phase: &'static str,
    /// When it was drawn last; none before the first time.
    drawn: Option<Instant>,
    /// How many letters of it stand there.
    letters: usize,
}

impl Progress {
    /// A line that starts with `label`; nothing is shown if `quiet`, or if standard error is not a
    /// terminal.
    pub fn new(label: &str, quiet: bool) -> Self {
        let shown = !quiet && io::stderr().is_terminal();
        Self {
            label: label.to_owned(),
            line: shown.then(|| Mutex::new(Line::new())),
        }
    }

    /// Begins another part of the work, whose pace is its own.
    pub fn begin(&self, phase: &'static str) {
        self.with(|line| {
            line.start = Instant::now();
            line.phase = phase;
            line.drawn = None;
        });
    }

    /// `done` of `total`, in any unit.
    pub fn update(&self, done: u64, total: u64) {
        self.with(|line| {
            let now = Instant::now();
            if line.drawn.is_none_or(|drawn| now - drawn >= INTERVAL) {
                line.drawn = Some(now);
                let text = describe(&self.label, done, total, now - line.start, line.phase);
                line.replace(&text);
            }
        });
    }

    /// Takes the line away while `say` prints something.
    pub fn suspend(&self, say: impl FnOnce()) {
        self.with(|line| {
            line.replace("");
            line.drawn = None;
        });
        say();
    }

    /// Replaces the progress by one line that stays.
    pub fn finish(&self, text: &str) {
        self.with(|line| {
            line.replace(text);
            line.letters = 0;
            // Where standard error is closed, nothing can be said.
            let _ = writeln!(io::stderr());
        });
    }

    fn with(&self, work: impl FnOnce(&mut Line)) {
        if let Some(line) = &self.line {
            work(&mut line.lock().unwrap_or_else(PoisonError::into_inner));
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.with(|line| line.replace(""));
    }
}

impl Line {
    fn new() -> Self {
        Self {
            start: Instant::now(),
            phase: "",
            drawn: None,
            letters: 0,
        }
    }

    /// Writes over what stands there, with blanks where that was longer.
    fn replace(&mut self, text: &str) {
        let letters = text.chars().count();
        if letters == 0 && self.letters == 0 {
            return;
        }
        let blanks = self.letters.saturating_sub(letters);
        let back = if letters == 0 { "\r" } else { "" };
        let mut output = io::stderr().lock();
        let written = write!(output, "\r{text}{:blanks$}{back}", "");
        // Where standard error is closed, nothing can be shown.
        let _ = written.and_then(|()| output.flush());
        self.letters = letters;
    }
}

/// The line in words: label, bar, percent, the time gone and the time left at the same pace, and
/// what is done.
fn describe(label: &str, done: u64, total: u64, gone: Duration, phase: &str) -> String {
    let mut label: String = label.chars().take(LABEL + 1).collect();
    if label.chars().count() > LABEL {
        label = label.chars().take(LABEL - 1).chain(['…']).collect();
    }
    let share = if total == 0 {
        0.0
    } else {
        (done as f64 / total as f64).min(1.0)
    };
    let filled = (share * BAR as f64) as usize;
    let bar: String = (0..BAR)
        .map(|place| match place {
            place if place < filled => '=',
            place if place == filled => '>',
            _ => ' ',
        })
        .collect();
    let left = if share > 0.0 {
        let seconds = gone.as_secs_f64() * (1.0 - share) / share;
        duration(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX))
    } else {
        "some time".to_owned()
    };
    let percent = 100.0 * share;
    format!(
        "{label}  {bar}  {percent:>3.0} %  {} gone, {left} left{}{phase}",
        duration(gone),
        if phase.is_empty() { "" } else { ", " },
    )
}

/// A time span in two units at most.
pub fn duration(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..10 => format!("{:.1} s", time.as_secs_f64()),
        10..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        3600..86_400 => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds / 3600 % 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_says_how_far_and_how_long() {
        let line = describe("photo.jpg", 1, 4, Duration::from_secs(30), "");
        assert_eq!(
            line,
            "photo.jpg  =======>                         25 %  30 s gone, 1 min 30 s left"
        );
        let line = describe(&"x".repeat(40), 0, 0, Duration::from_millis(1500), "");
        assert!(
            line.starts_with(&format!("{}…  >", "x".repeat(31))),
            "{line}"
        );
        assert!(
            line.ends_with("  0 %  1.5 s gone, some time left"),
            "{line}"
        );
        let line = describe("a", 7, 7, Duration::from_secs(90_000), "writing");
        assert!(
            line.ends_with("100 %  1 d 1 h gone, 0.0 s left, writing"),
            "{line}"
        );
    }
}
