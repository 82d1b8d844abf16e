//! Where pictures are kept: a folder, or a bucket that speaks S3.

use std::{fs::DirBuilder, os::unix::fs::DirBuilderExt as _, path::Path, sync::Arc};

use bytes::Bytes;
use file_owner::hand_over;
use object_store::{
    Attribute, Attributes, GetOptions, GetRange, ObjectStore, ObjectStoreExt, PutOptions, PutPayload,
    aws::AmazonS3Builder, local::LocalFileSystem, path::Path as Key, prefix::PrefixStore,
};
use thiserror::Error;
use tokio::sync::Semaphore;

use crate::{Drawn, Limits, Name, Refusal, Size, cause::innermost, decode::dimensions, name::FileName, read};

/// Why a picture could not be kept or found.
#[derive(Debug, Error)]
pub enum MediaError {
    /// The picture is not taken.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// There is no such picture.
    #[error("there is no such picture")]
    NotFound,
    /// The file is shorter than the part of it that is asked for; it has so many bytes.
    #[error("the picture has {0} bytes")]
    OutOfRange(u64),
    /// The folder or bucket cannot be used.
    #[error("pictures cannot be kept or read: {0}")]
    Unavailable(String),
}

impl From<object_store::Error> for MediaError {
    fn from(error: object_store::Error) -> Self {
        match error {
            object_store::Error::NotFound { .. } => Self::NotFound,
            other => Self::Unavailable(with_cause(&other)),
        }
    }
}

/// What the store says, and the innermost cause where it keeps that to itself.
fn with_cause(error: &object_store::Error) -> String {
    let (said, cause) = (error.to_string(), innermost(error));
    if said.contains(&cause) { said } else { format!("{said}: {cause}") }
}

/// Which part of a file is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Range {
    /// From one byte to another, both included.
    Within(u64, u64),
    /// From one byte on.
    From(u64),
    /// So many at the end.
    Last(u64),
}

/// A part of a file, or all of it.
#[derive(Clone, Debug)]
pub struct Stored {
    /// The bytes.
    pub bytes: Bytes,
    /// Which of the file's bytes they are.
    pub range: std::ops::Range<u64>,
    /// How many the file has.
    pub total: u64,
}

/// A picture as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// What it is called.
    pub name: Name,
    /// How wide it is in its full size.
    pub width: u32,
    /// How high it is in its full size.
    pub height: u32,
}

/// The place where pictures are kept. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Media {
    store: Arc<dyn ObjectStore>,
    /// The folder, where it is one.
    folder: Option<Arc<Path>>,
    limits: Limits,
    /// Drawing takes a processor; those who buy come first, so one picture is drawn at a time.
    turns: Arc<Semaphore>,
}

impl Media {
    /// A folder, made when it is not there.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn folder(path: &Path) -> Result<Self, MediaError> {
        let unavailable = |error: std::io::Error| MediaError::Unavailable(format!("{}: {error}", path.display()));
        let is_new = !path.exists();
        // Whoever else shall read pictures from the disk, a proxy for example, is in the shop's group.
        DirBuilder::new().recursive(true).mode(0o750).create(path).map_err(unavailable)?;
        if let Some(above) = path.parent().filter(|above| is_new && !above.as_os_str().is_empty()) {
            hand_over(path, above);
        }
        let store = Arc::new(LocalFileSystem::new_with_prefix(path)?.with_fsync(true));
        Ok(Self { folder: Some(Arc::from(path)), ..Self::new(store) })
    }

    /// A bucket, as `s3://BUCKET/PREFIX`. Keys, region and endpoint are taken from the environment, as other programs for S3
    /// take them: `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_REGION`, `AWS_ENDPOINT`, `AWS_ALLOW_HTTP`.
    ///
    /// # Errors
    /// When the URL or the environment is wrong. Nothing is asked of the bucket yet.
    pub fn bucket(url: &str) -> Result<Self, MediaError> {
        let place = url.strip_prefix("s3://").unwrap_or(url);
        let (bucket, prefix) = place.split_once('/').unwrap_or((place, ""));
        if bucket.trim().is_empty() {
            return Err(MediaError::Unavailable("the URL names no bucket; write s3://BUCKET/PREFIX".to_owned()));
        }
        let store = AmazonS3Builder::from_env().with_bucket_name(bucket).build()?;
        let prefix = prefix.trim_matches('/');
        Ok(Self::new(if prefix.is_empty() { Arc::new(store) } else { Arc::new(PrefixStore::new(store, prefix)) }))
    }

    /// Looks whether the folder or bucket can be used at all.
    ///
    /// # Errors
    /// Why not: there is no such bucket, the keys are wrong, it does not answer.
    pub async fn look(&self) -> Result<(), MediaError> {
        let some = Key::from("00");
        self.store.list_with_delimiter(Some(&some)).await.map(drop).map_err(|error| match error {
            object_store::Error::NotFound { .. } => MediaError::Unavailable("there is no such bucket".to_owned()),
            other => other.into(),
        })
    }

    fn new(store: Arc<dyn ObjectStore>) -> Self {
        Self { store, folder: None, limits: Limits::default(), turns: Arc::new(Semaphore::new(1)) }
    }

    /// How much of a picture is read at most.
    #[must_use]
    pub const fn limits(&self) -> Limits {
        self.limits
    }

    /// Reads a picture, draws it in all sizes and keeps it. One that is there already is not drawn again.
    ///
    /// # Errors
    /// Why it is not taken, or could not be kept. A part of its files may then be there, which nobody knows of.
    pub async fn keep(&self, content: Bytes) -> Result<Picture, MediaError> {
        let named = content.clone();
        let name = tokio::task::spawn_blocking(move || Name::of(&named)).await;
        let name = name.map_err(|error| Refusal::Broken(format!("it cannot be named: {error}")))?;
        if let Some(kept) = self.kept(&name).await {
            return Ok(kept);
        }
        let limits = self.limits;
        let turn = Arc::clone(&self.turns).acquire_owned().await;
        let draw = move || {
            let _turn = turn;
            read(&content, limits)
        };
        let drawn = tokio::task::spawn_blocking(draw).await;
        let drawn = drawn.map_err(|error| Refusal::Broken(format!("the decoder gave up: {error}")))??;
        let Drawn { width, height, files } = drawn;
        for (size, bytes) in files {
            self.put(&name.file(size), bytes).await?;
        }
        Ok(Picture { name, width, height })
    }

    /// The picture of this name, if all of its files are known to be there. Whoever may not list a bucket is told of what is not there that
    /// they may not see it; where nothing can be kept, that shows when it is.
    async fn kept(&self, name: &Name) -> Option<Picture> {
        for size in Size::ALL.into_iter().filter(|size| *size != Size::Full) {
            self.store.head(&key(&name.file(size))).await.ok()?;
        }
        let full = self.get(&name.file(Size::Full), None).await.ok()?;
        dimensions(&full.bytes).map(|(width, height)| Picture { name: name.clone(), width, height })
    }

    async fn put(&self, file: &str, bytes: Vec<u8>) -> Result<(), MediaError> {
        let key = key(file);
        if self.store.head(&key).await.is_ok() {
            return Ok(());
        }
        let mut options = PutOptions::default();
        // A bucket that is read directly says what it is; a folder has no room for that.
        if self.folder.is_none() {
            options.attributes = Attributes::from_iter([
                (Attribute::ContentType, "image/webp"),
                (Attribute::CacheControl, "public, max-age=31536000, immutable"),
            ]);
        }
        self.store.put_opts(&key, PutPayload::from(bytes), options).await?;
        if let Some(folder) = &self.folder {
            let name: &str = key.as_ref();
            let file = folder.join(name);
            for made in file.parent().into_iter().chain([file.as_path()]) {
                hand_over(made, folder);
            }
        }
        Ok(())
    }

    /// A file, or the part of it that is asked for.
    ///
    /// # Errors
    /// [`MediaError::NotFound`] when there is no such file, or its name is none that a picture has.
    pub async fn get(&self, file: &str, range: Option<Range>) -> Result<Stored, MediaError> {
        file.parse::<FileName>().map_err(|()| MediaError::NotFound)?;
        let mut options = GetOptions::default();
        if let Some(range) = range {
            // What lies behind the end is asked for in vain: that is told, and not found out by an error that each kind of
            // store words in its own way.
            let total = self.store.head(&key(file)).await?.size;
            let (from, is_empty) = match range {
                Range::Within(from, _) | Range::From(from) => (from, from >= total),
                Range::Last(count) => (total.saturating_sub(count), count == 0 || total == 0),
            };
            if is_empty {
                return Err(MediaError::OutOfRange(total));
            }
            let to = match range {
                Range::Within(_, last) => last.saturating_add(1).min(total),
                Range::From(_) | Range::Last(_) => total,
            };
            options.range = Some(GetRange::Bounded(from..to));
        }
        let found = self.store.get_opts(&key(file), options).await?;
        let (range, total) = (found.range.clone(), found.meta.size);
        Ok(Stored { bytes: found.bytes().await?, range, total })
    }
}

/// In folders by the first letters, so that none of them has too many files.
fn key(file: &str) -> Key {
    let folder = file.get(..2).unwrap_or("00");
    Key::from(format!("{folder}/{file}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Says nothing of its cause.
    #[derive(Debug, Error)]
    #[error("it did not work")]
    struct Silent(#[source] std::io::Error);

    #[test]
    fn what_a_store_keeps_to_itself_is_said_once() {
        let cause = || std::io::Error::other("no certificates");
        let silent = object_store::Error::Generic { store: "S3", source: Box::new(Silent(cause())) };
        let told = MediaError::from(silent).to_string();
        assert!(told.ends_with("it did not work: no certificates"), "{told}");
        let plain = object_store::Error::Generic { store: "S3", source: Box::new(cause()) };
        let told = MediaError::from(plain).to_string();
        assert_eq!(told.matches("no certificates").count(), 1, "{told}");
    }

    fn png() -> Bytes {
        let mut bytes = std::io::Cursor::new(Vec::new());
        image::DynamicImage::new_rgb8(300, 200).write_to(&mut bytes, image::ImageFormat::Png).expect("written");
        Bytes::from(bytes.into_inner())
    }

    #[tokio::test]
    async fn a_picture_is_kept_and_comes_back_in_parts() {
        let folder = tempfile::tempdir().expect("a folder");
        let media = Media::folder(&folder.path().join("media")).expect("a place");
        let kept = media.keep(png()).await.expect("kept");
        assert_eq!((kept.width, kept.height), (300, 200));
        let file = kept.name.file(Size::Small);
        let whole = media.get(&file, None).await.expect("there");
        assert_eq!((&whole.bytes[..4], whole.total), (&b"RIFF"[..], u64::try_from(whole.bytes.len()).expect("small")));
        let part = media.get(&file, Some(Range::Within(8, 11))).await.expect("there");
        assert_eq!((&part.bytes[..], part.range, part.total), (&b"WEBP"[..], 8..12, whole.total));
        let end = media.get(&file, Some(Range::Last(3))).await.expect("there");
        assert_eq!(end.bytes[..], whole.bytes[whole.bytes.len() - 3..]);
        let rest = media.get(&file, Some(Range::Within(8, u64::MAX))).await.expect("there");
        assert_eq!(rest.bytes[..], whole.bytes[8..]);
        for behind in [Range::From(whole.total), Range::Within(whole.total, u64::MAX), Range::Last(0)] {
            assert!(matches!(media.get(&file, Some(behind)).await, Err(MediaError::OutOfRange(_))), "{behind:?}");
        }
        assert_eq!(media.keep(png()).await.expect("once more"), kept);
        // What is missing of it is drawn again.
        let path = |name: &Name, size: Size| folder.path().join("media").join(key(&name.file(size)).as_ref());
        for size in Size::ALL {
            std::fs::remove_file(path(&kept.name, size)).expect("removed");
            assert_eq!(media.keep(png()).await.expect("drawn again"), kept);
            assert!(path(&kept.name, size).exists(), "{size:?}");
        }
        media.look().await.expect("nothing is wrong with it");
        for wrong in ["nothing.webp", "../shop.db", &kept.name.file(Size::Full).replace(".webp", ".svg")] {
            assert!(matches!(media.get(wrong, None).await, Err(MediaError::NotFound)), "{wrong}");
        }
        assert!(matches!(media.keep(Bytes::from_static(b"<svg/>")).await, Err(MediaError::Refused(_))));
    }

    #[tokio::test]
    async fn a_picture_that_is_there_is_not_drawn_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let media = Media::folder(&folder.path().join("media")).expect("a place");
        let kept = media.keep(png()).await.expect("kept");
        // As if these bytes had been drawn: whoever draws them now finds that they are no picture.
        let content = Bytes::from_static(b"nothing that can be drawn");
        let name = Name::of(&content);
        let path = |name: &Name, size: Size| folder.path().join("media").join(key(&name.file(size)).as_ref());
        for size in Size::ALL {
            let to = path(&name, size);
            std::fs::create_dir_all(to.parent().expect("a folder")).expect("made");
            std::fs::copy(path(&kept.name, size), to).expect("copied");
        }
        assert_eq!(media.keep(content).await.expect("there"), Picture { name, width: 300, height: 200 });
    }

    #[test]
    fn a_bucket_must_have_a_name() {
        for url in ["s3://", "s3:///pictures"] {
            let error = Media::bucket(url).expect_err(url).to_string();
            assert!(error.contains("names no bucket"), "{error}");
        }
    }

    #[tokio::test]
    async fn a_folder_that_cannot_be_written_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file");
        std::fs::write(&path, "").expect("written");
        let error = Media::folder(&path.join("media")).expect_err("there is a file in the way");
        assert!(matches!(error, MediaError::Unavailable(_)), "{error}");
    }
}
