//! How fast the network is here and now, from the work that is done.

use std::time::Instant;

/// Seconds of work after which what was measured counts half.
const HALF: f64 = 10.0;

/// Pixels that all threads together send through the network in a second, while any of them works.
#[derive(Debug)]
pub struct Pace {
    /// What was measured, the older the less.
    pixels: f64,
    seconds: f64,
    /// Since when time is not counted yet.
    since: Instant,
    /// How many work.
    working: usize,
}

impl Pace {
    /// That of a first guess, in pixels a second, which counts as much as a second of work.
    pub fn new(guess: Option<f64>) -> Self {
        Self {
            pixels: guess.unwrap_or(0.0),
            seconds: if guess.is_some() { 1.0 } else { 0.0 },
            since: Instant::now(),
            working: 0,
        }
    }

    /// Somebody begins to work.
    pub fn begin(&mut self, now: Instant) {
        self.pass(now);
        self.working += 1;
    }

    /// Somebody ends.
    pub fn end(&mut self, now: Instant) {
        self.pass(now);
        self.working = self.working.saturating_sub(1);
    }

    /// So many pixels are done.
    pub fn done(&mut self, pixels: u64, now: Instant) {
        self.pass(now);
        self.pixels += pixels as f64;
    }

    /// How many work.
    pub fn working(&self) -> usize {
        self.working
    }

    /// Pixels a second; none as long as nothing was done.
    pub fn value(&self) -> Option<f64> {
        (self.pixels > 0.0 && self.seconds > 0.0).then(|| self.pixels / self.seconds)
    }

    fn pass(&mut self, now: Instant) {
        if self.working > 0 {
            let passed = now.saturating_duration_since(self.since).as_secs_f64();
            let kept = 0.5_f64.powf(passed / HALF);
            self.pixels *= kept;
            self.seconds = self.seconds * kept + passed;
        }
        self.since = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn time_counts_while_somebody_works_and_once_for_all() {
        let start = Instant::now();
        let after = |seconds: f64| start + Duration::from_secs_f64(seconds);
        let mut pace = Pace::new(None);
        assert_eq!(pace.value(), None);
        // Two at a time, a hundred pixels a second together.
        pace.begin(start);
        pace.begin(start);
        for tenth in 1..=10 {
            pace.done(10, after(0.1 * f64::from(tenth)));
        }
        pace.end(after(1.0));
        assert_eq!(pace.working(), 1);
        pace.end(after(1.0));
        let found = pace.value().unwrap();
        assert!((found - 100.0).abs() < 5.0, "{found}");
        // A pause changes nothing.
        pace.begin(after(500.0));
        assert_eq!(pace.value().unwrap(), found);
        // Ten times as fast for a minute, and hardly anything is left of the old.
        for second in 1..=60 {
            pace.done(1000, after(500.0 + f64::from(second)));
        }
        let found = pace.value().unwrap();
        assert!((found - 1000.0).abs() < 60.0, "{found}");
    }

    #[test]
    fn a_guess_soon_counts_for_nothing() {
        let start = Instant::now();
        let mut pace = Pace::new(Some(1e6));
        assert_eq!(pace.value(), Some(1e6));
        pace.begin(start);
        for second in 1..=60 {
            pace.done(100, start + Duration::from_secs(second));
        }
        assert!(pace.value().unwrap() < 2e3);
    }
}
