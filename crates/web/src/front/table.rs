//! The templates of all routes, to name a request in logs and metrics without its ids.

use crate::metrics::{Metrics, RouteMetrics};

/// One route.
pub(crate) struct Route {
    template: String,
    metrics: RouteMetrics,
}

impl Route {
    /// Its path with the names of the parameters.
    pub(crate) fn template(&self) -> &str {
        &self.template
    }

    pub(crate) fn metrics(&self) -> &RouteMetrics {
        &self.metrics
    }
}

/// All of them.
pub(crate) struct RouteTable {
    by_path: matchit::Router<Route>,
    /// What is asked for and is not there. One name for all, or strangers could fill the memory with metrics.
    unknown: Route,
}

impl RouteTable {
    pub(crate) fn new(templates: Vec<String>, metrics: &Metrics) -> Self {
        let route = |template: String| Route { metrics: metrics.route(&template), template };
        let mut by_path = matchit::Router::new();
        for template in templates {
            if let Err(error) = by_path.insert(template.clone(), route(template.clone())) {
                tracing::error!(%template, %error, "a route is counted as unknown");
            }
        }
        Self { by_path, unknown: route("unknown".to_owned()) }
    }

    /// The route of `path`.
    pub(crate) fn find(&self, path: &str) -> &Route {
        self.by_path.at(path).map_or(&self.unknown, |found| found.value)
    }
}
