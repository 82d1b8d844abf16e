//! The running shop: engine, mail worker, upkeep and web server, started and stopped in the right order.

mod jobs;
mod keeper;
mod open_files;
mod turns;
mod upkeep;

use std::{
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
    pin::Pin,
    sync::Arc,
    time::Duration,
};

use keeper::Keeper;
use mail::Worker;
use pictures::Fetcher;
use store::{Database, Engine};
use tokio::{
    net::{TcpListener, TcpSocket},
    sync::Notify,
    task::JoinHandle,
    time::timeout,
};
use tracing::{info, warn};

use crate::{
    data, demo,
    failure::Failure,
    settings::{Reviews, Settings, SignUp},
    shop::{self, Place, Places},
    stop::Stop,
};

/// How long requests in flight may take when the server stops.
const STOP_TIMEOUT: Duration = Duration::from_secs(25);
/// How long a job may take to come to where it can be left, when everything else has stopped.
const JOB_ENDS_MAX: Duration = Duration::from_secs(5);
/// How many connections may wait to be accepted, if the system lets so many (`net.core.somaxconn`, 4,096 by default).
const BACKLOG: u32 = 8_192;

/// A shop that is about to open.
pub(crate) struct Server {
    /// The database.
    pub(crate) engine: Arc<dyn Database>,
    /// The data folder.
    pub(crate) folder: PathBuf,
    /// Where others reach it.
    pub(crate) public_url: String,
    address: SocketAddr,
    listener: TcpListener,
    app: web::App,
    /// Wakes the delivery of mails.
    wake: Arc<Notify>,
    worker: Worker,
}

impl Server {
    /// Opens everything that can fail, the port included, before anything is answered.
    ///
    /// # Errors
    /// What stands against it, in a line.
    pub(crate) async fn prepare(settings: &Settings, is_demo: bool) -> Result<Self, Failure> {
        let transport = shop::transport(settings)?;
        let places = Places::new(settings, is_demo)?;
        data::make(&places.folder)?;
        // Before the database is opened, and perhaps migrated: a second start by mistake must change nothing.
        let (listener, address) = listen(settings.listen)?;
        let public_url = public_url(settings, address);
        let renderer = Arc::new(shop::renderer(settings, &places.folder, &public_url)?);
        if let Place::File(path) = &places.database
            && store_sqlite::is_served(path)
        {
            tell_of_another(path, is_demo)?;
        }
        let engine = places.open().await?;
        if is_demo {
            demo::take(engine.as_ref(), &places, settings).await?;
        }
        let keys = places.keys(engine.as_ref()).await?;
        open_files::allow_many();

        shop::tell_of_lost_pictures(settings, &places.folder, engine.as_ref()).await;
        let media = shop::media(settings, &places.folder)?;
        let fetcher = Fetcher::new(settings.picture_hosts.clone());
        let wake = Arc::new(Notify::new());
        let shared: Arc<dyn Engine> = engine.clone();
        let app = web::App::new(web::Parts {
            engine: Arc::clone(&shared),
            keys,
            passwords: shop::passwords(settings),
            mails: Arc::clone(&renderer) as _,
            mail_wake: Arc::clone(&wake),
            media,
            fetcher,
            settings: web::Settings {
                demo: is_demo && address.ip().is_loopback(),
                mail_goes_nowhere: transport.is_mailbox(),
                pictures: is_demo.then(|| data::pictures(&places.folder)),
                ..web_settings(settings, &public_url)
            },
        });
        if transport.is_mailbox() && !is_demo {
            warn!(
                "NO MAIL LEAVES THIS MACHINE: neither smtp-url nor mail-dir is set; mails land in {public_url}/mailbox"
            );
        }
        if public_url.starts_with("https://") && settings.metrics_token.is_none() {
            warn!(
                "metrics-token is not set: a proxy on this machine that is not among trusted-proxies and adds no header may open /metrics to everybody"
            );
        }
        if let Some((priced, own)) = shop::other_currency(settings, engine.as_ref()).await? {
            warn!(
                "THE PRODUCTS ARE PRICED IN {priced}, and the shop's own currency is {own}: set --currency {priced} as it was"
            );
        }
        let worker = Worker::new(shared, renderer, Arc::new(transport), Arc::clone(&wake));
        Ok(Self { engine, folder: places.folder, public_url, address, listener, app, wake, worker })
    }

    /// Whether only this machine can reach it.
    pub(crate) fn is_loopback(&self) -> bool {
        self.address.ip().is_loopback()
    }

    /// Serves until `stop`, then lets what is in flight finish: requests, mails, commits, in this order.
    ///
    /// # Errors
    /// When something of that was cut off.
    pub(crate) async fn run(self, stop: Stop) -> Result<(), Failure> {
        let Self { engine, public_url, address, listener, app, wake, worker, .. } = self;
        info!(%address, public_url, version = env!("CARGO_PKG_VERSION"), "the shop is open");
        let keeper = Keeper::new(app.clone(), stop.clone());
        let tasks = begin_tasks(&keeper, &engine, &app, &wake);
        let jobs = begin_jobs(&keeper, &engine, &app, &stop);
        let commands = keeper.begin("commands", {
            let (engine, stop) = (Arc::clone(&engine), stop.clone());
            move || answer_commands(Arc::clone(&engine), stop.clone())
        });
        // The worker stops beside the server, not after it: mails of the last requests wait in the outbox for the next
        // start, and stopping takes as long as the slower of the two.
        let mails = keeper.begin("mails", {
            let stop = stop.clone();
            move || worker.clone().run(stop.clone().wait())
        });
        let served = web::serve(listener, app, stop.wait()).await;
        let delivered = mails.await;
        // It takes its socket along.
        let _ = commands.await;
        // Whoever goes on with a job need not wait for its lease to end.
        for mut job in jobs {
            if timeout(JOB_ENDS_MAX, &mut job).await.is_err() {
                job.abort();
            }
        }
        for task in tasks {
            task.abort();
        }
        let closed = engine.close().await;
        served.map_err(Failure::failed)?;
        delivered.map_err(|error| Failure::failed(format_args!("the delivery of mails ended early: {error}")))?;
        closed.map_err(Failure::failed)?;
        info!("stopped");
        Ok(())
    }
}

/// Says that the shop in `db` is open already. A restart may well take over from who is about to stop; but who starts a trial beside the shop
/// must know that it is the shop.
///
/// # Errors
/// A demonstration is nobody's restart.
fn tell_of_another(db: &Path, is_demo: bool) -> Result<(), Failure> {
    let db = db.display();
    if is_demo {
        let what =
            format_args!("another process has {db} open: stop that one first, or name another folder with --data");
        return Err(Failure::failed(what));
    }
    warn!(
        "ANOTHER PROCESS HAS {db} OPEN: both sell, each sends mails by its own settings and counts tries for itself, and a link that makes an owner ends that of the other; stop one of them"
    );
    Ok(())
}

/// Answers the commands that are run beside the shop, until it stops.
async fn answer_commands(engine: Arc<dyn Database>, stop: Stop) {
    tokio::select! {
        () = engine.answer_commands() => {}
        () = stop.wait() => {}
    }
}

/// Begins the work on what staff have asked for. It ends by itself when the program stops.
fn begin_jobs(keeper: &Keeper, engine: &Arc<dyn Database>, app: &web::App, stop: &Stop) -> [JoinHandle<()>; 2] {
    [("jobs", false), ("jobs with pictures", true)].map(|(name, with_images)| {
        let (engine, app, stop) = (Arc::clone(engine), app.clone(), stop.clone());
        let engine = move || -> Arc<dyn Engine> { engine.clone() };
        keeper.begin(name, move || jobs::run(engine(), app.clone(), with_images, stop.clone()))
    })
}

/// Begins what runs beside the requests, but for the delivery of mails and the work on jobs.
fn begin_tasks(keeper: &Keeper, engine: &Arc<dyn Database>, app: &web::App, wake: &Arc<Notify>) -> Vec<JoinHandle<()>> {
    let engine = || -> Arc<dyn Engine> { engine.clone() };
    let upkeep = keeper.begin("upkeep", {
        let engine = engine();
        move || upkeep::run(Arc::clone(&engine))
    });
    let turns = keeper.begin("turns", {
        let (engine, wake) = (engine(), Arc::clone(wake));
        move || turns::run(Arc::clone(&engine), Arc::clone(&wake))
    });
    let with_app = |name, task: fn(web::App) -> BoxedTask| {
        let app = app.clone();
        keeper.begin(name, move || task(app.clone()))
    };
    let settings = with_app("settings", |app| Box::pin(async move { app.follow_settings().await }));
    let search = with_app("search", |app| Box::pin(async move { app.follow_catalogue().await }));
    let orders = with_app("orders", |app| Box::pin(async move { app.read_orders().await }));
    vec![upkeep, turns, settings, search, orders]
}

/// A task that can be begun like the others.
type BoxedTask = Pin<Box<dyn Future<Output = ()> + Send>>;

fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), Failure> {
    let listener = bind(address);
    let listener = listener.map_err(|error| {
        Failure::failed(format_args!("cannot listen on {address}: {error}; set another address with --listen"))
    })?;
    let address = listener.local_addr().map_err(Failure::failed)?;
    Ok((listener, address))
}

/// As [`TcpListener::bind`] does it, with a longer queue: when thousands come at once, whoever finds it full tries again after a second.
fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // A restarted shop need not wait until the connections of the one before are forgotten.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

fn public_url(settings: &Settings, address: SocketAddr) -> String {
    if let Some(url) = &settings.public_url {
        return url.0.clone();
    }
    if address.ip().is_loopback() {
        return format!("http://{address}");
    }
    let url = format!("http://localhost:{}", address.port());
    warn!(url, "public-url is not set; links in mails lead to this machine only");
    url
}

fn web_settings(settings: &Settings, public_url: &str) -> web::Settings {
    let limits = web::Limits {
        connections: usize::try_from(settings.max_connections).unwrap_or(usize::MAX),
        body_bytes: usize::try_from(settings.max_body_kib).unwrap_or(usize::MAX).saturating_mul(1024),
        request_timeout: Duration::from_secs(u64::from(settings.request_timeout_secs)),
        stop_delay: Duration::from_secs(u64::from(settings.stop_delay_secs)),
        stop_timeout: STOP_TIMEOUT,
        ..web::Limits::default()
    };
    web::Settings {
        shop_name: settings.shop_name.clone(),
        public_url: public_url.to_owned(),
        sold_in: shop::sold_in(settings),
        languages: settings.languages.0.clone(),
        sign_up: match settings.signup {
            SignUp::Verify => web::SignUpMode::Verify,
            SignUp::Immediate => web::SignUpMode::Immediate,
        },
        reviews: match settings.reviews {
            Reviews::Moderated => web::ReviewMode::Moderated,
            Reviews::Immediate => web::ReviewMode::Immediate,
            Reviews::Off => web::ReviewMode::Off,
        },
        trusted_proxies: settings.trusted_proxies.0.clone(),
        allowed_origins: settings.allowed_origins.0.clone(),
        metrics_token: settings.metrics_token.as_ref().map(|token| token.0.clone()),
        limits,
        ..web::Settings::default()
    }
}
