//! Progress with the time left, on standard error, only where that is a terminal.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::time::Duration;

/// A progress line for one piece of work.
pub struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// A line that starts with `label`; nothing is shown if `quiet`, or if standard error is not a terminal.
    pub fn new(label: &str, quiet: bool) -> Self {
        let target = if quiet {
            ProgressDrawTarget::hidden()
        } else {
            ProgressDrawTarget::stderr()
        };
        // Of a length of 0 everything would be done.
        let bar = ProgressBar::with_draw_target(Some(1), target);
        let style = ProgressStyle::with_template(
            "{prefix}  {bar:30}  {percent:>3} %  {elapsed} gone, {eta} left",
        )
        .unwrap_or_else(|_| ProgressStyle::default_bar());
        bar.set_style(style.progress_chars("=> "));
        bar.set_prefix(label.to_owned());
        bar.enable_steady_tick(Duration::from_millis(250));
        Self { bar }
    }

    /// `done` of `total`, in any unit.
    pub fn update(&self, done: u64, total: u64) {
        self.bar.set_length(total);
        self.bar.set_position(done);
    }

    /// Takes the line away while `say` prints something.
    pub fn suspend(&self, say: impl FnOnce()) {
        self.bar.suspend(say);
    }

    /// Replaces the progress by one line that stays.
    pub fn finish(&self, line: &str) {
        self.bar.println(line);
        self.bar.finish_and_clear();
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
