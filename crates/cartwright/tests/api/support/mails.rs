//! The mails that a server wrote into its folder.

use std::{
    collections::BTreeMap,
    fs,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use mailparse::{MailHeaderMap, ParsedMail, parse_mail};

/// A mail, taken apart.
#[derive(Clone, Debug)]
pub(crate) struct Mail {
    /// The recipient's header.
    pub(crate) to: String,
    /// The subject, decoded.
    pub(crate) subject: String,
    /// The plain text.
    pub(crate) text: String,
    /// The HTML.
    pub(crate) html: String,
    /// All headers, decoded.
    pub(crate) headers: Vec<(String, String)>,
}

impl Mail {
    fn parse(bytes: &[u8]) -> Self {
        let mail = parse_mail(bytes).expect("a mail");
        assert_eq!(mail.ctype.mimetype, "multipart/alternative");
        let headers: Vec<_> = mail.headers.iter().map(|header| (header.get_key(), header.get_value())).collect();
        let header = |name: &str| mail.headers.get_first_value(name).unwrap_or_default();
        Self {
            to: header("To"),
            subject: header("Subject"),
            text: part(&mail, "text/plain"),
            html: part(&mail, "text/html"),
            headers,
        }
    }

    /// The six digits that stand alone on a line.
    pub(crate) fn code(&self) -> String {
        let is_code = |line: &&str| line.len() == 6 && line.bytes().all(|byte| byte.is_ascii_digit());
        self.text.lines().map(str::trim).find(is_code).unwrap_or_else(|| panic!("no code in {}", self.text)).to_owned()
    }

    /// The token in the link.
    pub(crate) fn token(&self) -> String {
        let (_, rest) = self.text.split_once("token=").unwrap_or_else(|| panic!("no link in {}", self.text));
        rest.split_whitespace().next().unwrap_or_default().to_owned()
    }
}

fn part(mail: &ParsedMail<'_>, mimetype: &str) -> String {
    let part = mail.parts().find(|part| part.ctype.mimetype == mimetype);
    part.unwrap_or_else(|| panic!("no {mimetype}")).get_body().expect("decodable").replace("\r\n", "\n")
}

/// The folder, read on demand. Files are named by time and id, so their order is that of writing.
pub(crate) struct Folder {
    path: PathBuf,
    read: Mutex<BTreeMap<String, Arc<Mail>>>,
}

impl Folder {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path, read: Mutex::default() }
    }

    /// All mails to this address, oldest first.
    pub(crate) fn to(&self, address: &str) -> Vec<Arc<Mail>> {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        for entry in fs::read_dir(&self.path).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.ends_with(".eml") && !name.starts_with('.') && !read.contains_key(&name) {
                let bytes = fs::read(entry.path()).expect("a mail");
                read.insert(name, Arc::new(Mail::parse(&bytes)));
            }
        }
        let is_theirs = |mail: &&Arc<Mail>| mail.to == address || mail.to.ends_with(&format!("<{address}>"));
        read.values().filter(is_theirs).cloned().collect()
    }
}
