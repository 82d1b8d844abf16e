//! Handlers as the router keeps them.
//!
//! axum takes any async function, in layers of types that name it. That its future is `Send` is then proven anew for each of those layers, down to
//! all that the function holds while it waits: for a few hundred handlers that was a quarter of the time which this crate took to compile. Here every
//! handler has the same type, behind which nothing is looked at any more.

use std::{pin::Pin, sync::Arc};

use axum::{
    extract::Request,
    handler::Handler,
    response::Response,
    routing::{MethodFilter, MethodRouter},
};
use utoipa::openapi::HttpMethod;
use utoipa_axum::PathItemExt;

use crate::App;

/// What axum makes of every async function.
type Answer = Pin<Box<dyn Future<Output = Response> + Send>>;

/// A handler of whatever it takes from a request.
#[derive(Clone)]
struct Endpoint(Arc<dyn Fn(Request, App) -> Answer + Send + Sync>);

impl Endpoint {
    fn new<H, T>(handler: H) -> Self
    where
        H: Handler<T, App, Future = Answer>,
    {
        Self(Arc::new(move |request, app| handler.clone().call(request, app)))
    }
}

impl Handler<(), App> for Endpoint {
    type Future = Answer;

    fn call(self, request: Request, app: App) -> Answer {
        (self.0)(request, app)
    }
}

/// What answers at a path, by the request's method.
#[derive(Default)]
pub(crate) struct Methods(MethodRouter<App>);

impl Methods {
    /// Has GET and HEAD answered.
    pub(super) fn get<H: Handler<T, App, Future = Answer>, T>(self, handler: H) -> Self {
        self.on(MethodFilter::GET, handler)
    }

    /// Has POST answered.
    pub(super) fn post<H: Handler<T, App, Future = Answer>, T>(self, handler: H) -> Self {
        self.on(MethodFilter::POST, handler)
    }

    /// Has all that the OpenAPI document says of it answered.
    pub(super) fn on_each<H: Handler<T, App, Future = Answer>, T>(self, methods: &[HttpMethod], handler: H) -> Self {
        methods.iter().fold(self, |kept, method| kept.on(method.to_method_filter(), handler.clone()))
    }

    fn on<H: Handler<T, App, Future = Answer>, T>(self, method: MethodFilter, handler: H) -> Self {
        Self(self.0.on(method, Endpoint::new(handler)))
    }

    /// For the router.
    pub(crate) fn into_router(self) -> MethodRouter<App> {
        self.0
    }
}

/// GET and HEAD, answered by this handler.
pub(super) fn get<H: Handler<T, App, Future = Answer>, T>(handler: H) -> Methods {
    Methods::default().get(handler)
}

/// POST, answered by this handler.
pub(super) fn post<H: Handler<T, App, Future = Answer>, T>(handler: H) -> Methods {
    Methods::default().post(handler)
}

/// What `utoipa_axum::routes!` gives for handlers that are operations of one path: their schemas, their part of the document, and what answers.
macro_rules! routes {
    ($($handler:path),+ $(,)?) => {{
        let (mut schemas, mut paths) = (Vec::new(), utoipa::openapi::Paths::new());
        let mut answers = $crate::routes::endpoint::Methods::default();
        $(
            let (path, operation, methods) = utoipa_axum::routes!(@resolve_types $handler : schemas);
            answers = answers.on_each(&methods, $handler);
            paths.add_path_operation(&path, methods, operation);
        )+
        (schemas, paths, answers.into_router())
    }};
}
pub(super) use routes;
