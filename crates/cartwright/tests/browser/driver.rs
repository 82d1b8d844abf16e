//! chromedriver as a child process, and the browser that it starts.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

const INSTALL: &str = "the browser tests need Chromium and chromedriver: apt-get install chromium chromium-driver \
    (CARTWRIGHT_TEST_CHROMIUM and CARTWRIGHT_TEST_CHROMEDRIVER name others)";

/// A chromedriver with one browser. Dropping it ends both.
pub(crate) struct Driver {
    child: Child,
    url: String,
    session: String,
    _profile: TempDir,
}

impl Driver {
    /// Starts both.
    pub(crate) fn start(runtime: &Runtime) -> (Self, Client) {
        // Two that start at once may choose the same port; the second one then ends.
        let started =
            (0..5).find_map(|_| Self::launch()).unwrap_or_else(|| panic!("chromedriver does not start; {INSTALL}"));
        let (child, url) = started;
        let profile = tempfile::tempdir().expect("a folder");
        let mut driver = Self { child, url, session: String::new(), _profile: profile };
        let client = runtime.block_on(driver.open());
        driver.session = runtime.block_on(client.session_id()).expect("a session").expect("a session");
        (driver, client)
    }

    fn launch() -> Option<(Child, String)> {
        let program = std::env::var("CARTWRIGHT_TEST_CHROMEDRIVER").unwrap_or_else(|_| "chromedriver".to_owned());
        let mut child = Command::new(&program)
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{program}: {error}; {INSTALL}"));
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines().map_while(Result::ok);
        let port = lines.find_map(|line| {
            let (_, port) = line.split_once("started successfully on port ")?;
            port.trim_end_matches('.').parse::<u16>().ok()
        });
        let Some(port) = port else {
            let _ = child.kill();
            let _ = child.wait();
            return None;
        };
        // What else it says must not fill the pipe.
        thread::spawn(move || lines.for_each(drop));
        Some((child, format!("http://127.0.0.1:{port}")))
    }

    async fn open(&self) -> Client {
        let Value::Object(capabilities) = self.capabilities() else { unreachable!("an object") };
        let opened = ClientBuilder::new(HttpConnector::new()).capabilities(capabilities).connect(&self.url).await;
        opened.unwrap_or_else(|error| panic!("Chromium does not start: {error}; {INSTALL}"))
    }

    fn capabilities(&self) -> Value {
        let profile = format!("--user-data-dir={}", self._profile.path().display());
        let mut options = json!({"args": [
            "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
            "--disable-default-apps", "--hide-scrollbars", profile,
        ]});
        if let Ok(binary) = std::env::var("CARTWRIGHT_TEST_CHROMIUM") {
            options["binary"] = binary.into();
        }
        json!({
            "browserName": "chrome",
            "goog:chromeOptions": options,
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
            // An alert would be a script of a stranger: it must stay to be found.
            "unhandledPromptBehavior": "ignore",
        })
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // Killed chromedrivers leave their browsers behind, so the session is closed first; also after a panic, when
        // nothing asynchronous can be waited for.
        if !self.session.is_empty() {
            let agent: ureq::Agent =
                ureq::Agent::config_builder().timeout_global(Some(Duration::from_secs(10))).build().into();
            let _ = agent.delete(format!("{}/session/{}", self.url, self.session)).call();
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
