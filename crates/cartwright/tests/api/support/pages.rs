//! A browser without a screen: cookies, forms with their tokens, and nothing else.

use std::{cell::RefCell, collections::BTreeMap, fmt::Write as _, net::SocketAddr};

use super::{exchange, raw::request, reply::Reply};

/// Somebody's browser.
pub(crate) struct Pages {
    address: SocketAddr,
    cookies: RefCell<BTreeMap<String, String>>,
}

impl Pages {
    /// One that has been nowhere.
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self { address, cookies: RefCell::default() }
    }

    fn send(&self, method: &str, path: &str, more: &[(&str, &str)], body: &[u8]) -> Reply {
        let cookies = self.cookies();
        let mut headers = vec![("Accept", "text/html"), ("Cookie", cookies.as_str())];
        headers.extend_from_slice(more);
        let reply = exchange(self.address, &request(method, path, &headers, body));
        for (_, value) in reply.headers.iter().filter(|(name, _)| name == "set-cookie") {
            let pair = value.split(';').next().unwrap_or_default();
            if let Some((name, value)) = pair.split_once('=') {
                self.cookies.borrow_mut().insert(name.to_owned(), value.to_owned());
            }
        }
        reply
    }

    /// What it sends as `Cookie`.
    pub(crate) fn cookies(&self) -> String {
        let cookies: Vec<_> = self.cookies.borrow().iter().map(|(name, value)| format!("{name}={value}")).collect();
        cookies.join("; ")
    }

    /// The page at this path.
    pub(crate) fn get(&self, path: &str) -> Reply {
        self.send("GET", path, &[], b"")
    }

    /// Sends a form as it is.
    pub(crate) fn post_raw(&self, path: &str, fields: &[(&str, &str)]) -> Reply {
        self.post_with(&[], path, fields)
    }

    /// Sends a form as it is, with these headers.
    pub(crate) fn post_with(&self, headers: &[(&str, &str)], path: &str, fields: &[(&str, &str)]) -> Reply {
        let body: Vec<_> = fields.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        let form = ("Content-Type", "application/x-www-form-urlencoded");
        let headers: Vec<_> = [form].into_iter().chain(headers.iter().copied()).collect();
        self.send("POST", path, &headers, body.join("&").as_bytes())
    }

    /// Sends a form with the token of the page that it stands on.
    #[track_caller]
    pub(crate) fn post(&self, page: &str, path: &str, fields: &[(&str, &str)]) -> Reply {
        let csrf = self.csrf(page);
        let fields: Vec<_> = [("csrf", csrf.as_str())].into_iter().chain(fields.iter().copied()).collect();
        self.post_raw(path, &fields)
    }

    /// Sends a form with a file, with the token of the page that it stands on.
    #[track_caller]
    pub(crate) fn post_file(&self, page: &str, fields: &[(&str, &str)], file: &str) -> Reply {
        let csrf = self.csrf(page);
        let part = |name: &str, value: &str| {
            format!("--line\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
        };
        let fields = [("csrf", csrf.as_str())].into_iter().chain(fields.iter().copied()).chain([("file", file)]);
        let body: String = fields.map(|(name, value)| part(name, value)).chain(["--line--\r\n".to_owned()]).collect();
        self.send("POST", page, &[("Content-Type", "multipart/form-data; boundary=line")], body.as_bytes())
    }

    /// The token of the forms on a page.
    #[track_caller]
    pub(crate) fn csrf(&self, page: &str) -> String {
        field(&self.get(page).text(), "csrf")
    }

    /// Signs in, up to what is asked for after the password.
    #[track_caller]
    pub(crate) fn sign_in(&self, email: &str, password: &str) -> Reply {
        self.post("/staff/sign-in", "/staff/sign-in", &[("email", email), ("password", password), ("next", "/admin")])
    }
}

/// The value of the first field with this name.
#[track_caller]
pub(crate) fn field(html: &str, name: &str) -> String {
    let marked = format!("name=\"{name}\" value=\"");
    let rest = html.split_once(&marked).unwrap_or_else(|| panic!("no field {name} in {html}")).1;
    rest.split('"').next().unwrap_or_default().to_owned()
}

fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut done, byte| {
        let _ = write!(done, "%{byte:02X}");
        done
    })
}
