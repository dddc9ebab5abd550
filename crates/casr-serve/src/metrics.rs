//! What the service counts, for `/metrics`.

use crate::{ServeError, work::Lane};
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{
        counter::Counter,
        family::{Family, MetricConstructor},
        gauge::Gauge,
        histogram::Histogram,
    },
    registry::Registry,
};
use std::{sync::atomic::AtomicU64, time::Duration};

/// The content type of what [`Metrics::text`] returns.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    route: &'static str,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    route: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Of {
    lane: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Kept {
    cache: &'static str,
}

/// Histograms of seconds.
#[derive(Clone)]
struct Seconds;

impl MetricConstructor<Histogram> for Seconds {
    fn new_metric(&self) -> Histogram {
        let bounds = [
            0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0,
        ];
        Histogram::new(bounds)
    }
}

/// Counters, gauges and histograms of a service.
pub struct Metrics {
    registry: Registry,
    requests: Family<Answered, Counter>,
    seconds: Family<Route, Histogram, Seconds>,
    work: Family<Of, Histogram, Seconds>,
    waiting: Family<Of, Gauge>,
    shared: Counter,
    pixels: Counter,
    quick: Counter,
    pace: Gauge<f64, AtomicU64>,
    hits: Family<Kept, Counter>,
    misses: Family<Kept, Counter>,
    bytes: Family<Kept, Gauge>,
    pub connections: Gauge,
}

impl Metrics {
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("casr");
        let requests = Family::default();
        registry.register("requests", "Requests answered", requests.clone());
        let seconds = Family::new_with_constructor(Seconds);
        registry.register("request_seconds", "Time to an answer", seconds.clone());
        let work = Family::new_with_constructor(Seconds);
        registry.register(
            "work_seconds",
            "Time that threads work on an answer",
            work.clone(),
        );
        let waiting = Family::default();
        registry.register("queue", "Answers that wait for a thread", waiting.clone());
        let shared = Counter::default();
        let help = "Requests that joined equal ones under way";
        registry.register("shared", help, shared.clone());
        let pixels = Counter::default();
        let help = "Pixels that went through the network, halos included";
        registry.register("network_pixels", help, pixels.clone());
        let quick = Counter::default();
        let help = "Answers by larger or fewer steps than the best";
        registry.register("quick", help, quick.clone());
        let pace = Gauge::default();
        let help = "Pixels that go through the network in a second of work";
        registry.register("network_pace", help, pace.clone());
        let hits = Family::default();
        registry.register("cache_hits", "Answers found in a cache", hits.clone());
        let misses = Family::default();
        registry.register(
            "cache_misses",
            "Answers not found in a cache",
            misses.clone(),
        );
        let bytes = Family::default();
        registry.register("cache_bytes", "Bytes of answers in a cache", bytes.clone());
        let connections = Gauge::default();
        registry.register("connections", "Open connections", connections.clone());
        Self {
            registry,
            requests,
            seconds,
            work,
            waiting,
            shared,
            pixels,
            quick,
            pace,
            hits,
            misses,
            bytes,
            connections,
        }
    }

    /// A request was answered.
    pub fn answered(&self, route: &'static str, status: u16, time: Duration) {
        let answered = Answered { route, status };
        self.requests.get_or_create(&answered).inc();
        let seconds = self.seconds.get_or_create(&Route { route });
        seconds.observe(time.as_secs_f64());
    }

    /// A thread worked so long.
    pub fn worked(&self, lane: Lane, time: Duration) {
        let work = self.work.get_or_create(&of(lane));
        work.observe(time.as_secs_f64());
    }

    /// A request joined an equal one.
    pub fn shared(&self) {
        self.shared.inc();
    }

    /// So many pixels went through the network.
    pub fn computed(&self, pixels: u64) {
        self.pixels.inc_by(pixels);
    }

    /// An answer was made in less time than the best takes.
    pub fn quick(&self) {
        self.quick.inc();
    }

    /// So many pixels go through the network in a second.
    pub fn set_pace(&self, pixels: f64) {
        self.pace.set(pixels);
    }

    /// An answer was looked for in a cache.
    pub fn looked_up(&self, cache: &'static str, found: bool) {
        let counters = if found { &self.hits } else { &self.misses };
        counters.get_or_create(&Kept { cache }).inc();
    }

    /// So many answers wait.
    pub fn set_waiting(&self, lane: Lane, count: usize) {
        self.waiting.get_or_create(&of(lane)).set(count as i64);
    }

    /// A cache holds so many bytes.
    pub fn set_bytes(&self, cache: &'static str, bytes: u64) {
        self.bytes.get_or_create(&Kept { cache }).set(bytes as i64);
    }

    /// All of it, as Prometheus reads it.
    ///
    /// # Errors
    /// [`ServeError::Internal`]; none in a sound build.
    pub fn text(&self) -> Result<String, ServeError> {
        let mut text = String::new();
        encode(&mut text, &self.registry).map_err(|_| ServeError::Internal)?;
        Ok(text)
    }
}

fn of(lane: Lane) -> Of {
    Of {
        lane: match lane {
            Lane::Light => "light",
            Lane::Heavy => "heavy",
        },
    }
}
