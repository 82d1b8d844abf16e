//! Pictures that were uploaded or fetched.

use pictures::{Name, Picture, Size};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A picture in smaller sizes, for `srcset`. Smaller pictures are not blown up.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Thumbnails)]
pub struct ThumbnailsDto {
    /// At most 160 pixels along an edge.
    #[schema(example = "/media/9f86d081884c7d659a2feaa0c55ad015-160.webp")]
    pub small: String,
    /// At most 480 pixels along an edge.
    pub medium: String,
    /// At most 1200 pixels along an edge.
    pub large: String,
}

impl ThumbnailsDto {
    /// Those of the picture with this URL, if it is one of ours.
    #[must_use]
    pub fn of(url: &str) -> Option<Self> {
        Name::from_url(url).map(|name| Self::from(&name))
    }
}

impl From<&Name> for ThumbnailsDto {
    fn from(name: &Name) -> Self {
        Self { small: name.url(Size::Small), medium: name.url(Size::Medium), large: name.url(Size::Large) }
    }
}

/// A picture that is kept.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Picture)]
pub struct PictureDto {
    /// Its URL, for the `images` of products. What is there never changes.
    #[schema(example = "/media/9f86d081884c7d659a2feaa0c55ad015.webp")]
    pub url: String,
    /// How wide it is, in pixels.
    pub width: u32,
    /// How high it is.
    pub height: u32,
    /// Smaller sizes.
    pub thumbnails: ThumbnailsDto,
}

impl From<&Picture> for PictureDto {
    fn from(picture: &Picture) -> Self {
        let url = picture.name.url(Size::Full);
        Self { url, width: picture.width, height: picture.height, thumbnails: (&picture.name).into() }
    }
}

/// A form with a picture.
#[derive(Debug, ToSchema)]
#[schema(as = UploadPicture)]
pub struct UploadPictureDto {
    /// The picture: JPEG, PNG, WebP or GIF, at most 20 MiB and 50 megapixels.
    #[schema(value_type = String, format = Binary)]
    pub file: Vec<u8>,
}

/// Where a picture is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ImportPicture, example = json!({"url": "https://shop.example.com/pictures/shirt.jpg"}))]
pub struct ImportPictureDto {
    /// An http or https URL on the public internet.
    pub url: String,
}
