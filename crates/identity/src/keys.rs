//! The shop's own secrets, in one file of the data folder.

use std::{
    fmt, fs,
    io::{self, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use hmac::{Hmac, KeyInit, Mac};
use model::{Timestamp, session::ACCESS_TOKEN_LIFETIME};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use thiserror::Error;

use crate::random;

/// A 256-bit key.
type Key = [u8; 32];

/// What signs access tokens, derives refresh tokens and hashes codes.
#[derive(Clone, PartialEq, Eq)]
pub struct Keys {
    pub(crate) signing: Vec<SigningKey>,
    refresh: Key,
    codes: Key,
}

/// A key that signs access tokens. The last one of the list signs; all of them verify.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct SigningKey {
    pub(crate) kid: String,
    pub(crate) secret: Key,
    created_at: Timestamp,
}

/// Why there are no keys.
#[derive(Debug, Error)]
pub enum KeysError {
    /// The file cannot be read or written.
    #[error("cannot read or make the key file {path}: {error}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// Other users of the machine could read the keys.
    #[error("the key file {0} can be read by others; run: chmod 600 {0}")]
    TooOpen(PathBuf),
    /// The file is not what this program wrote.
    #[error(
        "the key file {path} is damaged ({what}); restore it from a backup, or remove it: then everybody is signed out, and whoever has a second factor needs a recovery code"
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// The file belongs to another shop.
    #[error("the key file {0} has the keys of another shop; move it away, or name another folder")]
    Others(PathBuf),
}

/// The file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFile {
    signing: Vec<SigningEntry>,
    refresh: String,
    codes: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SigningEntry {
    kid: String,
    secret: String,
    created_at: Timestamp,
}

impl Keys {
    /// New keys.
    #[must_use]
    pub fn generate() -> Self {
        Self { signing: vec![SigningKey::generate()], refresh: random_key(), codes: random_key() }
    }

    /// Adds a new key, which signs from now on. Older ones verify for as long as the tokens that they signed live, and
    /// are dropped by the rotation after that.
    pub fn rotate(&mut self, now: Timestamp) {
        // A key signed until the one behind it in the list was made; since then, its tokens have been running out.
        let replaced: Vec<_> = self.signing.iter().skip(1).map(|key| key.created_at).chain([now]).collect();
        let mut replaced = replaced.into_iter();
        self.signing.retain(|_| replaced.next().is_some_and(|at| now.duration_since(at) <= ACCESS_TOKEN_LIFETIME));
        self.signing.push(SigningKey { created_at: now, ..SigningKey::generate() });
    }

    /// Reads the keys from `path`, or makes the file (mode 0600) with new ones. Two processes that start at once end up
    /// with the same keys.
    ///
    /// # Errors
    /// What is wrong with the file and what to do.
    pub fn load_or_create(path: &Path) -> Result<Self, KeysError> {
        let io_error = |error| KeysError::Io { path: path.to_owned(), error };
        match fs::read_to_string(path) {
            Ok(text) => Self::read(path, &text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Self::generate().create_file(path).map_err(io_error)?;
                // Another process may have been first; what stands in the file now counts.
                Self::read(path, &fs::read_to_string(path).map_err(io_error)?)
            }
            Err(error) => Err(io_error(error)),
        }
    }

    /// Writes these keys to the new file `path` (mode 0600). A file that has the same keys stays.
    ///
    /// # Errors
    /// There is a file with other keys, or it cannot be written.
    pub fn place(&self, path: &Path) -> Result<(), KeysError> {
        let io_error = |error| KeysError::Io { path: path.to_owned(), error };
        if !path.exists() {
            self.create_file(path).map_err(io_error)?;
        }
        let found = Self::read(path, &fs::read_to_string(path).map_err(io_error)?)?;
        if found == *self { Ok(()) } else { Err(KeysError::Others(path.to_owned())) }
    }

    fn read(path: &Path, text: &str) -> Result<Self, KeysError> {
        let metadata = fs::metadata(path).map_err(|error| KeysError::Io { path: path.to_owned(), error })?;
        if metadata.permissions().mode() & 0o077 != 0 {
            return Err(KeysError::TooOpen(path.to_owned()));
        }
        Self::parse(text).map_err(|what| KeysError::Damaged { path: path.to_owned(), what })
    }

    /// Reads what [`Keys::to_text`] wrote.
    ///
    /// # Errors
    /// What is wrong. Nothing of the text is repeated: it is secret.
    pub fn parse(text: &str) -> Result<Self, String> {
        let file: KeyFile = serde_json::from_str(text).map_err(|error| format!("line {}", error.line()))?;
        let key = |text: &str| {
            let mut key = [0; 32];
            hex::decode_to_slice(text, &mut key).map_err(|_| "a key is not 64 hexadecimal digits".to_owned())?;
            Ok::<_, String>(key)
        };
        if file.signing.is_empty() {
            return Err("there is no signing key".to_owned());
        }
        let mut signing = Vec::with_capacity(file.signing.len());
        for SigningEntry { kid, secret, created_at } in file.signing {
            signing.push(SigningKey { kid, secret: key(&secret)?, created_at });
        }
        Ok(Self { signing, refresh: key(&file.refresh)?, codes: key(&file.codes)? })
    }

    /// All keys as JSON, for where they are kept. Whoever reads it can sign in as anybody.
    #[must_use]
    pub fn to_text(&self) -> String {
        let entry = |key: &SigningKey| SigningEntry {
            kid: key.kid.clone(),
            secret: hex::encode(key.secret),
            created_at: key.created_at,
        };
        let file = KeyFile {
            signing: self.signing.iter().map(entry).collect(),
            refresh: hex::encode(self.refresh),
            codes: hex::encode(self.codes),
        };
        serde_json::to_string_pretty(&file).unwrap_or_default()
    }

    /// Writes a new file whole or not at all; one that is there already stays.
    fn create_file(&self, path: &Path) -> io::Result<()> {
        let mut unique = [0; 8];
        random::fill(&mut unique);
        let draft = path.with_extension(format!("draft-{}", hex::encode(unique)));
        let mut out = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
        out.write_all(self.to_text().as_bytes())?;
        out.sync_all()?;
        // A link, unlike a rename, never replaces a file that another process made in between.
        let linked = match fs::hard_link(&draft, path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            other => other,
        };
        fs::remove_file(&draft)?;
        linked?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        fs::File::open(folder)?.sync_all()
    }

    /// The hash of a six-digit code that was mailed for `purpose` to `subject` (an address or an account). It is keyed,
    /// because a million plain hashes are tried in a second, and bound, so that a code is good for nothing else.
    /// Spaces that people type between the digits do not count.
    #[must_use]
    pub fn code_hash(&self, purpose: &str, subject: &str, code: &str) -> [u8; 32] {
        let digits: String = code.chars().filter(|c| !c.is_whitespace()).collect();
        mac(&self.codes, &[purpose.as_bytes(), b"\0", subject.as_bytes(), b"\0", digits.as_bytes()])
    }

    /// What tells these keys from others. It says nothing of them, and stays when a new one signs.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        hex::encode(mac(&self.codes, &[b"cartwright-fingerprint-v1", &self.refresh]))
    }

    pub(crate) fn refresh_mac(&self, token: &[u8; 32]) -> [u8; 32] {
        mac(&self.refresh, &[b"cartwright-refresh-v1", token])
    }
}

impl SigningKey {
    fn generate() -> Self {
        let id: [u8; 4] = {
            let mut id = [0; 4];
            random::fill(&mut id);
            id
        };
        Self { kid: hex::encode(id), secret: random_key(), created_at: Timestamp::now() }
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys(..)")
    }
}

fn random_key() -> Key {
    let mut key = [0; 32];
    random::fill(&mut key);
    key
}

fn mac(key: &Key, parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use std::thread;

    use model::SignedDuration;

    use super::*;

    #[test]
    fn keys_survive_a_restart_and_are_private() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("keys.json");
        let first = Keys::load_or_create(&path).expect("made");
        assert!(Keys::load_or_create(&path).expect("read") == first);
        assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).expect("readable").count(), 1, "no draft is left behind");
    }

    #[test]
    fn processes_that_start_at_once_agree() {
        for _ in 0..20 {
            let folder = tempfile::tempdir().expect("a folder");
            let path = folder.path().join("keys.json");
            let all: Vec<Keys> = thread::scope(|scope| {
                let starts: Vec<_> =
                    (0..8).map(|_| scope.spawn(|| Keys::load_or_create(&path).expect("some keys"))).collect();
                starts.into_iter().map(|start| start.join().expect("no panic")).collect()
            });
            assert!(all.iter().all(|keys| *keys == all[0]));
            assert_eq!(fs::read_dir(folder.path()).expect("readable").count(), 1, "no draft is left behind");
        }
    }

    #[test]
    fn keys_are_known_again_also_when_a_new_one_signs() {
        let mut keys = Keys::generate();
        let first = keys.fingerprint();
        keys.rotate(Timestamp::now());
        assert_eq!(keys.fingerprint(), first);
        assert_ne!(Keys::generate().fingerprint(), first);
        let text = keys.to_text();
        assert!(!text.contains(&first), "it is none of the keys");
    }

    #[test]
    fn rotation_keeps_a_key_for_as_long_as_its_tokens_live() {
        let mut keys = Keys::generate();
        let first = keys.signing[0].kid.clone();
        let now = Timestamp::now() + SignedDuration::from_hours(24 * 30);
        keys.rotate(now);
        assert_eq!(keys.signing.len(), 2, "the first key signed until now");
        keys.rotate(now + ACCESS_TOKEN_LIFETIME);
        assert_eq!(keys.signing.len(), 3);
        keys.rotate(now + ACCESS_TOKEN_LIFETIME + SignedDuration::from_secs(1));
        assert_eq!(keys.signing.len(), 3, "the first was replaced more than a lifetime ago");
        assert!(keys.signing.iter().all(|key| key.kid != first));
    }

    #[test]
    fn open_or_damaged_files_are_refused_without_quoting_them() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("keys.json");
        Keys::load_or_create(&path).expect("made");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("set");
        assert!(matches!(Keys::load_or_create(&path), Err(KeysError::TooOpen(_))));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("set");
        fs::write(&path, "{\"signing\": \"s3cret\"}").expect("written");
        let error = Keys::load_or_create(&path).expect_err("damaged").to_string();
        assert!(error.contains("damaged") && !error.contains("s3cret"), "{error}");
    }

    #[test]
    fn a_code_is_bound_to_purpose_and_subject() {
        let keys = Keys::generate();
        let hash = keys.code_hash("verify_email", "ann@example.com", "123456");
        assert_eq!(hash, keys.code_hash("verify_email", "ann@example.com", " 123 456 "));
        assert_ne!(hash, keys.code_hash("change_email", "ann@example.com", "123456"));
        assert_ne!(hash, keys.code_hash("verify_email", "bob@example.com", "123456"));
        assert_ne!(hash, Keys::generate().code_hash("verify_email", "ann@example.com", "123456"));
    }
}
