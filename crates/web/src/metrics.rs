//! What is counted, for Prometheus.

use std::{sync::OnceLock, time::Duration};

use http::{Method, StatusCode};
use metrics::{Counter, Gauge, Histogram, Key, Label, Level, Metadata, Recorder, SharedString, Unit};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle, PrometheusRecorder};
use model::Timestamp;

/// Upper bounds of the latency histogram, in seconds.
const LATENCY_BUCKETS: [f64; 12] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];
const METADATA: Metadata<'static> = Metadata::new("web", Level::INFO, Some("web"));
/// The methods that are told apart; everything else is counted as the last.
const METHODS: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

/// The process's counters. A recorder of our own, not the global one, so that two servers in one test do not mix.
pub(crate) struct Metrics {
    recorder: PrometheusRecorder,
    handle: PrometheusHandle,
    connections: Gauge,
    mails_pending: Gauge,
    mails_failed: Gauge,
    mails_oldest: Gauge,
    cache_bytes: Gauge,
    engine_up: Gauge,
    cache_hits: Counter,
    panics: Counter,
}

impl Metrics {
    /// Registers everything.
    pub(crate) fn new() -> Self {
        // The only error is an empty list of buckets; without them the histogram falls back to quantiles.
        let builder = PrometheusBuilder::new();
        let builder = builder.set_buckets(&LATENCY_BUCKETS).unwrap_or_else(|_| PrometheusBuilder::new());
        let recorder = builder.build_recorder();
        let handle = recorder.handle();
        let describe = |name: &'static str, text: &'static str| {
            recorder.describe_gauge(name.into(), Some(Unit::Count), SharedString::const_str(text));
        };
        describe("http_connections", "Open connections.");
        describe("mails_pending", "Mails that wait to be sent.");
        describe("mails_failed", "Mails that were given up.");
        let text = SharedString::const_str("How long ago the oldest of the mails was written that wait to be sent.");
        recorder.describe_gauge("mails_oldest_pending_seconds".into(), Some(Unit::Seconds), text);
        describe("cache_bytes", "Memory taken by cached replies.");
        describe("engine_up", "Whether the database answers and can be written.");
        let counted = |name: &'static str, text: &'static str| {
            recorder.describe_counter(name.into(), Some(Unit::Count), SharedString::const_str(text));
        };
        counted("http_requests_total", "Requests answered, by route, method and class of status.");
        counted("cache_hits_total", "Reads answered from the cache.");
        counted("panics_total", "Handlers and tasks that panicked; each is a bug.");
        let text = SharedString::const_str("Time from the head of a request to the head of its reply.");
        recorder.describe_histogram("http_request_seconds".into(), Some(Unit::Seconds), text);
        let gauge = |name: &'static str| recorder.register_gauge(&Key::from_static_name(name), &METADATA);
        let counter = |name: &'static str| recorder.register_counter(&Key::from_static_name(name), &METADATA);
        Self {
            connections: gauge("http_connections"),
            mails_pending: gauge("mails_pending"),
            mails_failed: gauge("mails_failed"),
            mails_oldest: gauge("mails_oldest_pending_seconds"),
            cache_bytes: gauge("cache_bytes"),
            engine_up: gauge("engine_up"),
            cache_hits: counter("cache_hits_total"),
            panics: counter("panics_total"),
            recorder,
            handle,
        }
    }

    /// The handles of one route; each is registered when it is first used.
    pub(crate) fn route(&self, template: &str) -> RouteMetrics {
        RouteMetrics { template: template.to_owned(), by_method: Default::default() }
    }

    /// Counts a request.
    pub(crate) fn request(&self, route: &RouteMetrics, method: &Method, status: StatusCode, latency: Duration) {
        let place = METHODS.iter().position(|name| *name == method.as_str());
        let cells = route.by_method.get(place.unwrap_or(METHODS.len()));
        let Some(cells) = cells else { return };
        let method = place.and_then(|place| METHODS.get(place)).copied().unwrap_or("other");
        let class = usize::from(status.as_u16() / 100).saturating_sub(1);
        if let Some(counter) = cells.by_class.get(class) {
            counter.get_or_init(|| self.request_counter(&route.template, method, class)).increment(1);
        }
        cells.latency.get_or_init(|| self.latency_histogram(&route.template, method)).record(latency.as_secs_f64());
    }

    fn request_counter(&self, template: &str, method: &'static str, class: usize) -> Counter {
        let class = ["1xx", "2xx", "3xx", "4xx", "5xx"].get(class).copied().unwrap_or("other");
        let mut labels = labels(template, method);
        labels.push(Label::from_static_parts("status", class));
        self.recorder.register_counter(&Key::from_parts("http_requests_total", labels), &METADATA)
    }

    fn latency_histogram(&self, template: &str, method: &'static str) -> Histogram {
        self.recorder.register_histogram(&Key::from_parts("http_request_seconds", labels(template, method)), &METADATA)
    }

    pub(crate) fn connection_opened(&self) {
        self.connections.increment(1.0);
    }

    pub(crate) fn connection_closed(&self) {
        self.connections.decrement(1.0);
    }

    pub(crate) fn cache_hit(&self) {
        self.cache_hits.increment(1);
    }

    pub(crate) fn panicked(&self) {
        self.panics.increment(1);
    }

    /// Notes what is looked up when somebody asks for the metrics.
    pub(crate) fn observe(&self, is_up: bool, mails: Option<store::Backlog>, cache_bytes: u64, now: Timestamp) {
        self.engine_up.set(if is_up { 1.0 } else { 0.0 });
        // Where nobody can say how many wait, it is not that none does: what was known last stands.
        if let Some(mails) = mails {
            self.mails_pending.set(as_f64(mails.pending));
            self.mails_failed.set(as_f64(mails.failed));
            let oldest_secs = mails.oldest.map_or(0, |written| now.duration_since(written).as_secs());
            self.mails_oldest.set(as_f64(u64::try_from(oldest_secs).unwrap_or(0)));
        }
        self.cache_bytes.set(as_f64(cache_bytes));
    }

    /// The text that Prometheus reads.
    pub(crate) fn render(&self) -> String {
        self.handle.render()
    }

    /// Folds recorded latencies into their buckets; without it they would pile up between two scrapes.
    pub(crate) fn upkeep(&self) {
        self.handle.run_upkeep();
    }
}

fn labels(template: &str, method: &'static str) -> Vec<Label> {
    vec![Label::new("route", template.to_owned()), Label::from_static_parts("method", method)]
}

/// Gauges are floats; counts past 2^32 are shown as that.
fn as_f64(count: u64) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

/// The handles of one route.
pub(crate) struct RouteMetrics {
    template: String,
    by_method: [MethodMetrics; METHODS.len() + 1],
}

#[derive(Default)]
struct MethodMetrics {
    by_class: [OnceLock<Counter>; 5],
    latency: OnceLock<Histogram>,
}
