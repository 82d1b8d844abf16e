//! A real server on a port of its own, and a client that speaks to it over a socket.

mod client;
mod fake;
mod shop;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use identity::{COST_MIN, Keys, PasswordPool, PasswordSettings};
use store::Engine;
use tokio::{
    net::TcpListener,
    sync::{Notify, oneshot},
    task::JoinHandle,
};
use web::{App, Parts, Settings};

pub(crate) use client::{Reply, Request};
pub(crate) use fake::{FakeEngine, Mood, product};
pub(crate) use shop::Shop;

/// A running server. Dropping it stops it.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    serving: Option<JoinHandle<std::io::Result<()>>>,
}

impl Server {
    /// Serves `engine` with settings for tests.
    pub(crate) async fn start(engine: Arc<dyn Engine>) -> Self {
        Self::start_with(engine, Settings::default()).await
    }

    /// Serves `engine`.
    pub(crate) async fn start_with(engine: Arc<dyn Engine>, settings: Settings) -> Self {
        Self::start_with_keys(engine, Keys::generate(), settings).await
    }

    /// Serves `engine`, with the secrets `keys`.
    pub(crate) async fn start_with_keys(engine: Arc<dyn Engine>, keys: Keys, settings: Settings) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (stop, stopped) = oneshot::channel::<()>();
        let app = App::new(parts(engine, keys, settings));
        let serving = tokio::spawn(web::serve(listener, app, async move {
            let _ = stopped.await;
        }));
        Self { address, stop: Some(stop), serving: Some(serving) }
    }

    /// Tells the server to stop, and says how that went.
    pub(crate) async fn stop(mut self) -> std::io::Result<()> {
        drop(self.stop.take());
        self.serving.take().expect("runs").await.expect("no panic")
    }

    /// A request to it.
    pub(crate) fn request(&self, method: &str, path: &str) -> Request {
        Request::new(self.address, method, path)
    }

    /// Reads `path`.
    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.request("GET", path).send().await
    }
}

fn parts(engine: Arc<dyn Engine>, keys: Keys, settings: Settings) -> Parts {
    let _ = rustls::crypto::ring::default_provider().install_default();
    // Nothing is put there.
    let media = std::env::temp_dir().join("cartwright-web-tests");
    Parts {
        engine,
        keys,
        passwords: PasswordPool::new(PasswordSettings { cost: COST_MIN, ..PasswordSettings::default() }),
        mails: Arc::new(renderer(&settings)),
        mail_wake: Arc::new(Notify::new()),
        media: pictures::Media::folder(&media).expect("a place for pictures"),
        fetcher: pictures::Fetcher::new(pictures::PrivateHosts::default()),
        settings,
    }
}

fn renderer(settings: &Settings) -> mail::Renderer {
    let shop = mail::ShopIdentity {
        shop_name: "Test Shop".to_owned(),
        public_url: settings.public_url.clone(),
        storefront_url: settings.public_url.clone(),
        from: mail::parse_from("Test Shop <shop@example.com>").expect("an address"),
        contact_email: String::new(),
    };
    mail::Renderer::new(shop, None).expect("the built-in templates are fine")
}

/// Waits a little for what happens in the background.
pub(crate) async fn pause(millis: u64) {
    tokio::time::sleep(Duration::from_millis(millis)).await;
}
