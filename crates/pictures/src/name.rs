//! What pictures are called.

use std::{fmt, str::FromStr};

use sha2::{Digest, Sha256};

/// How many bytes of the hash make the name: enough that nobody finds two pictures of one name.
const HASH_BYTES: usize = 16;
/// The path that pictures are served under.
pub(crate) const BASE: &str = "/media/";

/// The sizes in which a picture is kept, by the longest edge in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Size {
    /// For a line of a basket.
    Small,
    /// For lists.
    Medium,
    /// For the page of a product.
    Large,
    /// As large as it is kept.
    Full,
}

impl Size {
    /// All sizes.
    pub const ALL: [Self; 4] = [Self::Small, Self::Medium, Self::Large, Self::Full];

    /// The longest edge in pixels; smaller pictures stay as they are.
    #[must_use]
    pub const fn edge(self) -> u32 {
        match self {
            Self::Small => 160,
            Self::Medium => 480,
            Self::Large => 1200,
            Self::Full => 2560,
        }
    }
}

/// The name of a picture, made from its content: what has this name never changes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Name {
    hash: String,
}

impl Name {
    /// The name of the picture with this content.
    #[must_use]
    pub fn of(content: &[u8]) -> Self {
        Self { hash: hex::encode(&Sha256::digest(content)[..HASH_BYTES]) }
    }

    /// The name of the file with this size.
    #[must_use]
    pub fn file(&self, size: Size) -> String {
        match size {
            Size::Full => format!("{}.webp", self.hash),
            other => format!("{}-{}.webp", self.hash, other.edge()),
        }
    }

    /// Where the picture is served in this size.
    #[must_use]
    pub fn url(&self, size: Size) -> String {
        format!("{BASE}{}", self.file(size))
    }

    /// The picture that is served under this URL, whichever its size.
    #[must_use]
    pub fn from_url(url: &str) -> Option<Self> {
        let (name, _) = url.strip_prefix(BASE)?.parse::<FileName>().ok()?.0;
        Some(name)
    }
}

/// The name of a file with its size: nothing else is ever looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileName(pub(crate) (Name, Size));

impl FromStr for FileName {
    type Err = ();

    fn from_str(file: &str) -> Result<Self, ()> {
        let stem = file.strip_suffix(".webp").ok_or(())?;
        let (hash, edge) = stem.split_once('-').map_or((stem, None), |(hash, edge)| (hash, Some(edge)));
        let is_hash =
            hash.len() == HASH_BYTES * 2 && hash.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let size = match edge {
            None => Some(Size::Full),
            Some(edge) => Size::ALL.into_iter().find(|size| *size != Size::Full && size.edge().to_string() == edge),
        };
        match size.filter(|_| is_hash) {
            Some(size) => Ok(Self((Name { hash: hash.to_owned() }, size))),
            None => Err(()),
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.hash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back_from_their_files_and_nothing_else_is_one() {
        let name = Name::of(b"a picture");
        for size in Size::ALL {
            assert_eq!(name.file(size).parse(), Ok(FileName((name.clone(), size))));
            assert_eq!(Name::from_url(&name.url(size)), Some(name.clone()));
        }
        let hash = name.to_string();
        for wrong in [
            "keys.json".to_owned(),
            "../keys.json".to_owned(),
            hash.clone(),
            format!("{hash}.svg"),
            format!("{hash}-2560.webp"),
            format!("{hash}-99.webp"),
            format!("../{hash}.webp"),
            format!("{}.webp", hash.to_uppercase()),
            format!("{hash}0.webp"),
        ] {
            assert!(wrong.parse::<FileName>().is_err(), "{wrong}");
        }
        assert_eq!(Name::from_url("/media/x.webp"), None);
    }
}
