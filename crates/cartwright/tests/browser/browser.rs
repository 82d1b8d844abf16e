//! A browser, spoken to in sentences.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::LazyLock,
    thread,
    time::{Duration, Instant},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use fantoccini::{Client, Locator, elements::Element, wd::WebDriverCompatibleCommand};
use serde_json::{Value, json};
use tokio::{
    runtime::Runtime,
    sync::{Semaphore, SemaphorePermit},
};

use crate::driver::Driver;

/// How long a page or a part of it may take to appear.
const APPEAR_MAX: Duration = Duration::from_secs(10);
/// The screens that pages are looked at on: a phone and a laptop.
const SCREENS: [(u32, u32); 2] = [(390, 844), (1440, 900)];
/// What axe-core is to look at, by its tags and by the names of its rules.
const ALL_RULES: &str =
    r#"{"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}"#;
/// The same, of colours alone.
const RULES_OF_COLOUR: &str = r#"{"type": "rule", "values": ["color-contrast", "link-in-text-block"]}"#;

/// The schemes of colours in which a page is looked at on a screen so wide, and what axe-core is to look at then. In the dark only the colours
/// are others, and they are the same on every screen.
fn schemes(width: u32) -> &'static [(&'static str, &'static str)] {
    match width {
        ..500 => &[("light", ALL_RULES)],
        _ => &[("light", ALL_RULES), ("dark", RULES_OF_COLOUR)],
    }
}

/// Special keys, as WebDriver writes them.
pub(crate) const TAB: &str = "\u{e004}";
/// The space bar, which marks a box.
pub(crate) const SPACE: &str = "\u{e00d}";
pub(crate) const ENTER: &str = "\u{e007}";
/// The arrow key that counts a number up.
pub(crate) const ARROW_UP: &str = "\u{e013}";

/// A browser with one window.
pub(crate) struct Browser {
    client: Client,
    // In this order: the session ends before its runtime does.
    _driver: Driver,
    runtime: Runtime,
    _place: SemaphorePermit<'static>,
}

/// The browsers that there may be at a time: more of them are slower together than one after the other.
static PLACES: Semaphore = Semaphore::const_new(2);

/// A command of chromedriver's own.
#[derive(Debug)]
struct Chrome {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Chrome {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(self.body.to_string()))
    }
}

impl Browser {
    /// Starts a browser with nothing in it.
    pub(crate) fn start() -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let place = runtime.block_on(PLACES.acquire()).expect("nobody closes it");
        let (driver, client) = Driver::start(&runtime);
        let browser = Self { client, _driver: driver, runtime, _place: place };
        // The browser's own first page is nothing that is watched.
        browser.open("about:blank");
        for log in ["performance", "browser"] {
            browser.log(log);
        }
        browser
    }

    /// Opens a page.
    #[track_caller]
    pub(crate) fn open(&self, url: &str) {
        self.runtime.block_on(self.client.goto(url)).unwrap_or_else(|error| panic!("{url}: {error}"));
    }

    /// Where the browser is.
    pub(crate) fn path(&self) -> String {
        let url = self.runtime.block_on(self.client.current_url()).expect("a URL");
        url.path().to_owned()
    }

    /// Waits until the browser is there.
    #[track_caller]
    pub(crate) fn arrives_at(&self, path: &str) {
        self.until(&format!("the page {path}"), || (self.path() == path).then_some(()));
    }

    #[track_caller]
    fn until<T>(&self, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
        let begin = Instant::now();
        loop {
            if let Some(found) = look() {
                return found;
            }
            assert!(begin.elapsed() < APPEAR_MAX, "{what} did not appear; at {}:\n{}", self.path(), self.page_text());
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn find(&self, css: &str) -> Option<Element> {
        self.runtime.block_on(self.client.find(Locator::Css(css))).ok()
    }

    /// Whether the page has such an element now.
    pub(crate) fn has(&self, css: &str) -> bool {
        self.find(css).is_some()
    }

    /// How many such elements the page has now.
    pub(crate) fn count(&self, css: &str) -> usize {
        self.runtime.block_on(self.client.find_all(Locator::Css(css))).expect("an answer").len()
    }

    /// What the element says, once it is there.
    #[track_caller]
    pub(crate) fn text(&self, css: &str) -> String {
        self.until(css, || self.runtime.block_on(self.find(css)?.text()).ok())
    }

    /// An attribute of the element.
    #[track_caller]
    pub(crate) fn attribute(&self, css: &str, name: &str) -> Option<String> {
        let element = self.until(css, || self.find(css));
        self.runtime.block_on(element.attr(name)).expect("an answer")
    }

    /// All that can be read on the page.
    pub(crate) fn page_text(&self) -> String {
        self.find("body").and_then(|body| self.runtime.block_on(body.text()).ok()).unwrap_or_default()
    }

    /// Clicks on an element and, if it leads elsewhere, waits for the new page.
    #[track_caller]
    pub(crate) fn click(&self, css: &str) {
        let element = self.until(css, || self.find(css));
        self.runtime.block_on(element.click()).unwrap_or_else(|error| panic!("{css}: {error}"));
    }

    /// Clicks on the link that says this.
    #[track_caller]
    pub(crate) fn follow(&self, text: &str) {
        let find = || self.runtime.block_on(self.client.find(Locator::LinkText(text))).ok();
        let link = self.until(text, find);
        self.runtime.block_on(link.click()).unwrap_or_else(|error| panic!("{text}: {error}"));
    }

    /// Writes into a field, in place of what is there.
    #[track_caller]
    pub(crate) fn fill(&self, css: &str, text: &str) {
        let field = self.until(css, || self.find(css));
        self.runtime.block_on(field.clear()).expect("cleared");
        self.runtime.block_on(field.send_keys(text)).unwrap_or_else(|error| panic!("{css}: {error}"));
    }

    /// Presses keys wherever the focus is.
    #[track_caller]
    pub(crate) fn press(&self, keys: &str) {
        let element = self.runtime.block_on(self.client.active_element()).expect("something has the focus");
        self.runtime.block_on(element.send_keys(keys)).unwrap_or_else(|error| panic!("{keys:?}: {error}"));
    }

    /// Does something that leads to another page, which may look the same, and waits for that.
    #[track_caller]
    pub(crate) fn to_another_page(&self, what: impl FnOnce()) {
        self.script("window.isOldPage = true");
        what();
        let is_there = "return !window.isOldPage && document.readyState === 'complete'";
        self.until("another page", || (self.script(is_there) == true).then_some(()));
    }

    /// Runs a script in the page.
    #[track_caller]
    pub(crate) fn script(&self, script: &str) -> Value {
        self.runtime.block_on(self.client.execute(script, vec![])).unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    /// Does something inside the first frame of the page.
    #[track_caller]
    pub(crate) fn in_frame<T>(&self, what: impl FnOnce() -> T) -> T {
        self.until("a frame", || self.find("iframe"));
        self.runtime.block_on(self.client.enter_frame(0)).expect("a frame");
        let done = what();
        self.runtime.block_on(self.client.enter_parent_frame()).expect("the page around it");
        done
    }

    /// Checks that no script has opened a dialog.
    #[track_caller]
    pub(crate) fn has_no_dialog(&self) {
        let dialog = self.runtime.block_on(self.client.get_alert_text());
        assert!(dialog.is_err(), "a script ran: {dialog:?}");
    }

    /// Answers what a dialog of the page asks; gives the question.
    #[track_caller]
    pub(crate) fn answer(&self, yes: bool) -> String {
        let question = self.until("a question", || self.runtime.block_on(self.client.get_alert_text()).ok());
        let answered = if yes {
            self.runtime.block_on(self.client.accept_alert())
        } else {
            self.runtime.block_on(self.client.dismiss_alert())
        };
        answered.unwrap_or_else(|error| panic!("{question}: {error}"));
        question
    }

    fn chrome(&self, path: &'static str, body: Value) -> Value {
        self.runtime
            .block_on(self.client.issue_cmd(Chrome { path, body }))
            .unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    fn devtools(&self, command: &str, params: Value) -> Value {
        self.chrome("goog/cdp/execute", json!({"cmd": command, "params": params}))
    }

    /// The entries of one of the browser's logs since it was last asked for.
    pub(crate) fn log(&self, kind: &str) -> Vec<Value> {
        let log = self.chrome("se/log", json!({"type": kind}));
        log.as_array().cloned().unwrap_or_default()
    }

    /// Presses TAB until the focus is on such an element: the way there without a mouse.
    #[track_caller]
    pub(crate) fn tab_to(&self, css: &str) {
        let is_there = format!("return document.activeElement.matches({})", json!(css));
        for _ in 0..150 {
            self.press(TAB);
            if self.script(&is_there) == true {
                return;
            }
        }
        panic!("no TAB leads to {css} at {}", self.path());
    }

    /// Chooses an option of a select by its value.
    #[track_caller]
    pub(crate) fn choose(&self, css: &str, value: &str) {
        let select = self.until(css, || self.find(css));
        self.runtime.block_on(select.select_by_value(value)).unwrap_or_else(|error| panic!("{css}: {error}"));
    }

    /// Waits until the page says this somewhere.
    #[track_caller]
    pub(crate) fn says(&self, text: &str) {
        self.until(text, || self.page_text().contains(text).then_some(()));
    }

    /// Takes pictures of the page on a phone and a laptop, light and dark, whole. Checks on the way that it does not
    /// have to be scrolled sideways, and that it meets WCAG 2.2 AA as far as axe-core can tell.
    #[track_caller]
    pub(crate) fn pictures(&self, name: &str) {
        self.take_pictures(name, true);
    }

    /// The same for a page that others have made, and that is not ours to mend.
    #[track_caller]
    pub(crate) fn pictures_of_others(&self, name: &str) {
        self.take_pictures(name, false);
    }

    /// Does something while the page is shown as on a phone.
    pub(crate) fn on_a_phone<T>(&self, what: impl FnOnce() -> T) -> T {
        self.shown_as(&json!({"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": true}), "", what)
    }

    /// Does something while the page is laid out as it is printed: on what margins leave of A4, which is narrow too.
    pub(crate) fn on_paper<T>(&self, what: impl FnOnce() -> T) -> T {
        self.shown_as(&json!({"width": 718, "height": 1047, "deviceScaleFactor": 1, "mobile": false}), "print", what)
    }

    fn shown_as<T>(&self, screen: &Value, media: &str, what: impl FnOnce() -> T) -> T {
        self.devtools("Emulation.setDeviceMetricsOverride", screen.clone());
        self.devtools("Emulation.setEmulatedMedia", json!({"media": media}));
        let done = what();
        self.devtools("Emulation.clearDeviceMetricsOverride", json!({}));
        self.devtools("Emulation.setEmulatedMedia", json!({"media": ""}));
        done
    }

    #[track_caller]
    fn take_pictures(&self, name: &str, is_ours: bool) {
        for (width, height) in SCREENS {
            let screen = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500});
            self.devtools("Emulation.setDeviceMetricsOverride", screen);
            for &(scheme, rules) in schemes(width) {
                let features = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
                self.devtools("Emulation.setEmulatedMedia", features);
                if is_ours {
                    self.is_accessible(&format!("{name} at {width} px, {scheme}"), rules);
                }
                let picture = self.devtools("Page.captureScreenshot", json!({"format": "png"}));
                let bytes = BASE64_STANDARD.decode(picture["data"].as_str().expect("a picture")).expect("base64");
                let file = folder().join(format!("{name}-{width}-{scheme}.png"));
                fs::write(&file, bytes).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            }
            // Not by the window: on a phone it grows with what is too wide for it.
            let wide = self.script("return document.documentElement.scrollWidth");
            assert!(wide.as_i64() <= Some(i64::from(width)), "{name} is {wide} px wide on {width} px");
        }
        self.devtools("Emulation.clearDeviceMetricsOverride", json!({}));
        self.devtools("Emulation.setEmulatedMedia", json!({"features": []}));
    }
}

impl Browser {
    /// Checks what axe-core knows of WCAG 2.2, levels A and AA, or some of it.
    #[track_caller]
    fn is_accessible(&self, what: &str, rules: &str) {
        const RUN: &str = "const done = arguments[arguments.length - 1]; \
            axe.run(document, { runOnly: JSON.parse(arguments[0]), iframes: false }).then((found) => done(found.violations.map((one) => \
            `${one.id} (${one.impact}): ${one.help}: ${one.nodes.map((node) => node.html).join(' ')}`)), \
            (error) => done([`axe did not run: ${error}`]))";
        if self.script("return typeof axe") == "undefined" {
            self.script(axe());
        }
        let found = self.runtime.block_on(self.client.execute_async(RUN, vec![json!(rules)]));
        let found = found.unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(found, json!([]), "{what} cannot be used by everybody");
    }
}

/// The text of axe-core, which the test command installs.
fn axe() -> &'static str {
    static AXE: LazyLock<String> = LazyLock::new(|| {
        const FIND: &str = "import importlib.util as u, pathlib as p; \
            print(p.Path(u.find_spec('axe_playwright_python').submodule_search_locations[0]) / 'axe.min.js')";
        let python = std::env::var("CARTWRIGHT_TEST_PYTHON").unwrap_or_else(|_| "python3".to_owned());
        let found = Command::new(&python).args(["-c", FIND]).output().expect("python runs");
        let hint = format!("this test needs axe-core: run `{python} -m pip install --no-deps axe-playwright-python`");
        assert!(found.status.success(), "{hint}, or set CARTWRIGHT_TEST_PYTHON");
        let path = String::from_utf8_lossy(&found.stdout).trim().to_owned();
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}; {hint}"))
    });
    &AXE
}

fn folder() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("the target folder").to_owned();
    let folder = target.join("screenshots");
    fs::create_dir_all(&folder).expect("a folder for the pictures");
    folder
}
