//! Who may is asked before the body of a request is read, which may take as long as its sender likes. Whoever was locked, signed out or
//! deprived of a permission meanwhile must not do what they began: a body that comes later is handed on only after they were asked again.

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{
    extract::FromRequestParts,
    response::{IntoResponse, Response},
};
use http::{Request, request::Parts};
use model::Timestamp;
use tokio::time::Instant;

use super::RequestContext;
use crate::{App, routes::pages::mishap};

/// For how long an answer is good. Nearly all bodies come with the heads of their requests, and cost nothing more.
const GOOD_FOR: Duration = Duration::from_millis(250);

/// When the token of a request was looked at first. Should it run out while the body comes, what had begun goes on: only being locked,
/// signed out or deprived of a permission ends it.
#[derive(Clone, Copy)]
pub(crate) struct AcceptedAt(pub(crate) Timestamp);

/// On its way to finding out whether they still may; if not, this is the reply.
pub(super) type Asking = Pin<Box<dyn Future<Output = Result<(), Response>> + Send>>;

/// How the sender of a request is asked again; empty where nobody was asked.
#[derive(Clone, Default)]
pub(super) struct Question(Arc<Mutex<Option<Asked>>>);

struct Asked {
    /// When they were asked last.
    at: Instant,
    again: Box<dyn Fn() -> Asking + Send>,
}

impl Question {
    /// Asks again, if the last answer is too old.
    pub(super) fn if_due(&self) -> Option<Asking> {
        let mut asked = self.asked();
        let asked = asked.as_mut().filter(|asked| asked.at.elapsed() > GOOD_FOR)?;
        asked.at = Instant::now();
        Some((asked.again)())
    }

    /// Asks no more: what still comes of the body is for nobody.
    pub(super) fn forget(&self) {
        *self.asked() = None;
    }

    fn asked(&self) -> MutexGuard<'_, Option<Asked>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Has `G`, which has let a request pass just now, look at it again if its body takes its time.
pub(crate) fn ask_again<G: FromRequestParts<App> + 'static>(parts: &Parts, app: &App) {
    // Requests without a body have none.
    let Some(question) = parts.extensions.get::<Question>() else { return };
    let (app, parts) = (app.clone(), as_it_came(parts));
    let again = move || -> Asking {
        let (app, mut parts) = (app.clone(), parts.clone());
        Box::pin(async move {
            let refusal = G::from_request_parts(&mut parts, &app).await.map(drop).map_err(IntoResponse::into_response);
            // Nobody but programs asks for what is under /v1.
            let is_api = parts.uri.path().starts_with("/v1/");
            refusal.map_err(|refusal| if is_api { refusal } else { mishap::tell(&app, &parts.headers, refusal) })
        })
    };
    *question.asked() = Some(Asked { at: Instant::now(), again: Box::new(again) });
}

/// The head of a request, with nothing that the router noted beside it. When its token was accepted is remembered.
fn as_it_came(parts: &Parts) -> Parts {
    let (mut head, ()) = Request::new(()).into_parts();
    head.method = parts.method.clone();
    head.uri = parts.uri.clone();
    head.headers = parts.headers.clone();
    if let Some(context) = parts.extensions.get::<RequestContext>() {
        head.extensions.insert(*context);
    }
    if let Some(accepted) = parts.extensions.get::<AcceptedAt>() {
        head.extensions.insert(*accepted);
    }
    head
}
