//! From bytes of unknown origin to pixels, and from there to what is kept.

use std::io::Cursor;

use image::{
    DynamicImage, ImageDecoder, ImageFormat, ImageReader, RgbaImage,
    imageops::{self, FilterType},
    metadata::Orientation,
};
use thiserror::Error;

use crate::Size;

/// How good what is kept looks, of 100.
const QUALITY: f32 = 82.0;
/// How many columns or rows of a picture are made smaller at a time.
const STRIP: u16 = 256;

/// What is read at most.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of the file.
    pub bytes: usize,
    /// Pixels of the picture, width times height.
    pub pixels: u64,
    /// Pixels of either edge.
    pub edge: u32,
    /// Bytes of memory that its pixels take as they are stored. What is made of them takes no more than 180 MiB beside that.
    pub memory: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: 20 * 1024 * 1024, pixels: 50_000_000, edge: 20_000, memory: 208 * 1024 * 1024 }
    }
}

/// Why a picture is not taken.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// There are too many bytes of it.
    #[error("the file has {found} bytes; at most {allowed} are taken")]
    TooManyBytes {
        /// How many it has.
        found: usize,
        /// How many are taken.
        allowed: usize,
    },
    /// It is none of the known kinds, whatever it is called.
    #[error("this is not a JPEG, PNG, WebP or GIF picture")]
    UnknownKind,
    /// It would take too much memory.
    #[error("the picture has {width} × {height} pixels; at most {edge} along an edge and {pixels} in all are taken")]
    TooManyPixels {
        /// How wide it says it is.
        width: u32,
        /// How high it says it is.
        height: u32,
        /// How long an edge may be.
        edge: u32,
        /// How many pixels there may be.
        pixels: u64,
    },
    /// It would take too much memory though it has not too many pixels, as one of 16 bits for each colour.
    #[error("its pixels take {} MiB of memory as they are stored; at most {} are taken: store it with 8 bits for each colour", mib(*.found), mib(*.allowed))]
    TooMuchMemory {
        /// How many bytes they take.
        found: u64,
        /// How many may be taken.
        allowed: u64,
    },
    /// It is broken, or cut off.
    #[error("the picture cannot be read: {0}")]
    Broken(String),
}

const fn mib(bytes: u64) -> u64 {
    bytes.div_ceil(1024 * 1024)
}

/// A picture drawn anew, in all sizes.
pub struct Drawn {
    /// How wide it is in its full size.
    pub width: u32,
    /// How high it is in its full size.
    pub height: u32,
    /// The files, as WebP.
    pub files: Vec<(Size, Vec<u8>)>,
}

/// Reads a picture and draws it anew: upright, without metadata, at most as large as [`Size::Full`]. Of a GIF that moves, the
/// first picture is taken. Takes some hundred milliseconds of a processor.
///
/// # Errors
/// Why it is not taken.
pub fn read(content: &[u8], limits: Limits) -> Result<Drawn, Refusal> {
    if content.len() > limits.bytes {
        return Err(Refusal::TooManyBytes { found: content.len(), allowed: limits.bytes });
    }
    let (picture, held) = decode(content, limits)?;
    let mut larger = upright(picture, held);
    let mut files = Vec::with_capacity(Size::ALL.len());
    let (mut width, mut height) = (0, 0);
    // From the largest to the smallest, each out of the one before: quicker, and as good to the eye.
    for size in Size::ALL.into_iter().rev() {
        larger = within(larger, size.edge());
        if size == Size::Full {
            (width, height) = (larger.width(), larger.height());
        }
        files.push((size, encode(&larger)?));
    }
    Ok(Drawn { width, height, files })
}

/// The pixels of a picture that was held so. It is halved as long as it is twice as large as any that is kept: a large one takes a quarter of the
/// memory before it is turned and copied.
fn upright(mut picture: DynamicImage, held: Orientation) -> RgbaImage {
    while picture.width().max(picture.height()) >= Size::Full.edge() * 2 {
        picture = picture.thumbnail_exact((picture.width() / 2).max(1), (picture.height() / 2).max(1));
    }
    picture.apply_orientation(held);
    picture.into_rgba8()
}

/// The same picture with no edge longer than this.
fn within(picture: RgbaImage, edge: u32) -> RgbaImage {
    let longest = picture.width().max(picture.height());
    if longest <= edge {
        return picture;
    }
    let scaled = |length: u32| {
        let scaled = (u64::from(length) * u64::from(edge) + u64::from(longest) / 2) / u64::from(longest);
        u32::try_from(scaled).unwrap_or(edge).max(1)
    };
    smaller(&picture, scaled(picture.width()), scaled(picture.height()))
}

/// Makes a picture smaller: first lower, then narrower, a strip at a time, as sixteen bytes are worked with for each pixel that is as wide as the one
/// and as high as the other.
fn smaller(picture: &RgbaImage, width: u32, height: u32) -> RgbaImage {
    let (strip, step) = (u32::from(STRIP), usize::from(STRIP));
    let mut lower = RgbaImage::new(picture.width(), height);
    for left in (0..picture.width()).step_by(step) {
        let columns = strip.min(picture.width() - left);
        let part = imageops::crop_imm(picture, left, 0, columns, picture.height());
        let part = imageops::resize(&*part, columns, height, FilterType::CatmullRom);
        imageops::replace(&mut lower, &part, left.into(), 0);
    }
    let mut narrower = RgbaImage::new(width, height);
    for top in (0..height).step_by(step) {
        let rows = strip.min(height - top);
        let part = imageops::crop_imm(&lower, 0, top, lower.width(), rows);
        let part = imageops::resize(&*part, width, rows, FilterType::CatmullRom);
        imageops::replace(&mut narrower, &part, 0, top.into());
    }
    narrower
}

fn encode(picture: &RgbaImage) -> Result<Vec<u8>, Refusal> {
    let broken = |error| Refusal::Broken(format!("it cannot be written as WebP: {error:?}"));
    let encoder = webp::Encoder::from_rgba(picture, picture.width(), picture.height());
    encoder.encode_simple(false, QUALITY).map(|memory| memory.to_vec()).map_err(broken)
}

/// The pixels as they are stored, and how they were held.
fn decode(content: &[u8], limits: Limits) -> Result<(DynamicImage, Orientation), Refusal> {
    let broken = |error: image::ImageError| Refusal::Broken(error.to_string());
    // By its first bytes: what it is called, and what a browser or server says it is, counts for nothing.
    let format = image::guess_format(content).map_err(|_| Refusal::UnknownKind)?;
    if !matches!(format, ImageFormat::Jpeg | ImageFormat::Png | ImageFormat::WebP | ImageFormat::Gif) {
        return Err(Refusal::UnknownKind);
    }
    let mut reader = ImageReader::with_format(Cursor::new(content), format);
    let mut allowed = image::Limits::default();
    allowed.max_image_width = Some(limits.edge);
    allowed.max_image_height = Some(limits.edge);
    // As much again for the decoder's own work.
    allowed.max_alloc = Some(limits.memory.saturating_mul(2));
    reader.limits(allowed);
    let mut decoder = match reader.into_decoder() {
        Ok(decoder) => decoder,
        Err(image::ImageError::Limits(_)) => return Err(too_large(content, format, limits)),
        Err(error) => return Err(broken(error)),
    };
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > limits.pixels || width.max(height) > limits.edge {
        return Err(Refusal::TooManyPixels { width, height, edge: limits.edge, pixels: limits.pixels });
    }
    if decoder.total_bytes() > limits.memory {
        return Err(Refusal::TooMuchMemory { found: decoder.total_bytes(), allowed: limits.memory });
    }
    if width == 0 || height == 0 {
        return Err(Refusal::Broken("it has no pixels".to_owned()));
    }
    // How it was held when it was taken; this is lost with the rest of the metadata, so it is carried out.
    let held = decoder.orientation().map_err(broken)?;
    Ok((DynamicImage::from_decoder(decoder).map_err(broken)?, held))
}

/// The refusal of a picture that says it is larger than the decoder may make.
fn too_large(content: &[u8], format: ImageFormat, limits: Limits) -> Refusal {
    let mut reader = ImageReader::with_format(Cursor::new(content), format);
    reader.no_limits();
    let (width, height) = reader.into_dimensions().unwrap_or_default();
    Refusal::TooManyPixels { width, height, edge: limits.edge, pixels: limits.pixels }
}

/// How wide and high a file is that was kept.
pub(crate) fn dimensions(file: &[u8]) -> Option<(u32, u32)> {
    ImageReader::with_format(Cursor::new(file), ImageFormat::WebP).into_dimensions().ok()
}

#[cfg(test)]
mod tests {
    use image::{ExtendedColorType, ImageEncoder, codecs};

    use super::*;
    use crate::Name;

    /// A picture whose left half is red and whose right half is transparent, or blue where there is no transparency.
    fn pixels(width: u32, height: u32) -> image::RgbaImage {
        image::RgbaImage::from_fn(width, height, |x, _| {
            image::Rgba(if x < width / 2 { [250, 10, 10, 255] } else { [10, 10, 250, 0] })
        })
    }

    fn written(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        picture.write_to(&mut bytes, format).expect("written");
        bytes.into_inner()
    }

    fn png(width: u32, height: u32) -> Vec<u8> {
        written(&DynamicImage::ImageRgba8(pixels(width, height)), ImageFormat::Png)
    }

    fn jpeg(width: u32, height: u32) -> Vec<u8> {
        written(&DynamicImage::ImageRgba8(pixels(width, height)).to_rgb8().into(), ImageFormat::Jpeg)
    }

    fn drawn(content: &[u8]) -> Drawn {
        read(content, Limits::default()).expect("a picture")
    }

    fn file(drawn: &Drawn, size: Size) -> DynamicImage {
        let (_, bytes) = drawn.files.iter().find(|(other, _)| *other == size).expect("the size");
        image::load_from_memory_with_format(bytes, ImageFormat::WebP).expect("WebP")
    }

    #[test]
    fn every_kind_is_drawn_in_four_sizes() {
        let gif = written(&DynamicImage::ImageRgba8(pixels(1500, 600)), ImageFormat::Gif);
        let webp = written(&DynamicImage::ImageRgba8(pixels(1500, 600)), ImageFormat::WebP);
        for content in [png(1500, 600), jpeg(1500, 600), gif, webp] {
            let drawn = drawn(&content);
            assert_eq!((drawn.width, drawn.height), (1500, 600));
            assert_eq!(dimensions(&drawn.files[0].1), Some((1500, 600)));
            let sizes = Size::ALL.map(|size| (file(&drawn, size).width(), file(&drawn, size).height()));
            assert_eq!(sizes, [(160, 64), (480, 192), (1200, 480), (1500, 600)]);
            let [red, green, _, alpha] = file(&drawn, Size::Medium).to_rgba8().get_pixel(20, 20).0;
            assert!(red > 200 && green < 60 && alpha == 255);
        }
        assert_eq!(
            file(&drawn(&png(900, 900)), Size::Small).to_rgba8().get_pixel(150, 5).0[3],
            0,
            "transparency stays"
        );
    }

    #[test]
    fn small_pictures_are_not_blown_up_and_large_ones_made_smaller() {
        assert_eq!((drawn(&png(3, 2)).width, file(&drawn(&png(3, 2)), Size::Large).width()), (3, 3));
        for ((width, height), expected) in [
            ((5000, 100), (2560, 51)),
            ((5200, 2600), (2560, 1280)),
            ((12_001, 7), (2560, 1)),
            ((40, 6001), (17, 2560)),
        ] {
            let large = drawn(&jpeg(width, height));
            assert_eq!((large.width, large.height), expected, "{width} × {height}");
            let [red, green, ..] = file(&large, Size::Full).to_rgba8().get_pixel(2, 0).0;
            assert!(red > 200 && green < 60, "{width} × {height}");
        }
    }

    #[test]
    fn strips_make_the_picture_that_the_whole_makes() {
        let wave = |at: u32| u8::try_from(at * at / 7 % 256).expect("a byte");
        let picture =
            RgbaImage::from_fn(700, 523, |x, y| image::Rgba([wave(x), wave(y), wave(x + y), wave(3 * x + 1)]));
        let (whole, strips) =
            (imageops::resize(&picture, 411, 307, FilterType::CatmullRom), smaller(&picture, 411, 307));
        assert_eq!(strips.dimensions(), (411, 307));
        let differences = whole.iter().zip(strips.iter()).map(|(one, other)| one.abs_diff(*other));
        // Between the two ways it is rounded once more.
        assert!(differences.clone().max().expect("some") <= 3, "{:?}", differences.max());
    }

    #[test]
    fn what_it_is_says_its_content() {
        let svg = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>";
        let html = b"<!doctype html><script>alert(1)</script>";
        let bmp = written(&DynamicImage::new_rgb8(2, 2), ImageFormat::Png)[..8].to_vec();
        for content in [&svg[..], html, b"", b"GIF", b"%PDF-1.7", b"BM\0\0\0\0\0\0\0\0\0\0"] {
            assert_eq!(read(content, Limits::default()).err(), Some(Refusal::UnknownKind), "{content:?}");
        }
        assert!(matches!(read(&bmp, Limits::default()), Err(Refusal::Broken(_))));
        let whole = png(50, 50);
        assert!(matches!(read(&whole[..whole.len() / 2], Limits::default()), Err(Refusal::Broken(_))));
    }

    #[test]
    fn bombs_are_refused_by_their_first_bytes() {
        // A PNG that says it has 50,000² pixels, in 60 bytes.
        let mut bomb = png(1, 1);
        bomb[16..20].copy_from_slice(&50_000_u32.to_be_bytes());
        bomb[20..24].copy_from_slice(&50_000_u32.to_be_bytes());
        let crc = crc32(&bomb[12..29]);
        bomb[29..33].copy_from_slice(&crc.to_be_bytes());
        assert!(matches!(
            read(&bomb, Limits::default()),
            Err(Refusal::TooManyPixels { width: 50_000, height: 50_000, .. })
        ));
        // And one whose pixels take eight bytes each.
        let mut deep = written(&DynamicImage::new_rgba16(1, 1), ImageFormat::Png);
        deep[16..20].copy_from_slice(&7_000_u32.to_be_bytes());
        deep[20..24].copy_from_slice(&7_000_u32.to_be_bytes());
        let crc = crc32(&deep[12..29]);
        deep[29..33].copy_from_slice(&crc.to_be_bytes());
        let refused = read(&deep, Limits::default()).err();
        assert!(matches!(refused, Some(Refusal::TooMuchMemory { found: 392_000_000, .. })), "{refused:?}");
        assert!(refused.is_some_and(|refusal| refusal.to_string().contains("374 MiB of memory")));
        let tight = Limits { pixels: 100, ..Limits::default() };
        assert!(matches!(read(&png(11, 10), tight), Err(Refusal::TooManyPixels { .. })));
        let short = Limits { bytes: 10, ..Limits::default() };
        assert!(matches!(read(&png(1, 1), short), Err(Refusal::TooManyBytes { allowed: 10, .. })));
    }

    fn crc32(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(!0_u32, |crc, byte| {
            (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 })
        })
    }

    #[test]
    fn nothing_but_pixels_comes_along() {
        let mut exif = Cursor::new(Vec::new());
        let mut encoder = codecs::jpeg::JpegEncoder::new(&mut exif);
        // Orientation 6: it was held on its side. And where it was taken.
        let metadata = b"MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0GPS-52.5N-13.4E".to_vec();
        encoder.set_exif_metadata(metadata).expect("JPEG has room for it");
        // Large enough to be halved before it is turned.
        let (width, height) = (5400, 2700);
        let rgb = DynamicImage::ImageRgba8(pixels(width, height)).to_rgb8();
        encoder.write_image(&rgb, width, height, ExtendedColorType::Rgb8).expect("written");
        let mut content = exif.into_inner();
        content.extend_from_slice(b"PK\x03\x04 a second file <script>alert(1)</script>");
        let drawn = drawn(&content);
        assert_eq!((drawn.width, drawn.height), (1280, 2560), "it is upright");
        let [above, below] = [40, 440].map(|y| file(&drawn, Size::Medium).to_rgba8().get_pixel(120, y).0);
        assert!(above[0] > 200 && below[2] > 200, "what was left is above: {above:?}, {below:?}");
        let mut probe =
            ImageReader::with_format(Cursor::new(&content), ImageFormat::Jpeg).into_decoder().expect("JPEG");
        assert_eq!(probe.orientation().expect("read"), Orientation::Rotate90, "the test is about something");
        for (_, bytes) in &drawn.files {
            for secret in [&b"GPS-52"[..], b"script", b"PK\x03\x04", b"Exif", b"EXIF"] {
                assert!(!bytes.windows(secret.len()).any(|window| window == secret));
            }
        }
    }

    #[test]
    fn equal_pictures_have_one_name() {
        assert_eq!(Name::of(&png(9, 9)), Name::of(&png(9, 9)));
        assert_ne!(Name::of(&png(9, 9)), Name::of(&png(9, 8)));
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(200))]
        /// Whatever is done to a picture, reading it gives a picture or a refusal.
        #[test]
        fn broken_pictures_break_nothing(at in 0_usize..400, byte: u8, cut in 0_usize..400, which in 0_usize..2) {
            let mut content = [png(20, 20), jpeg(20, 20)][which].clone();
            let length = content.len();
            content[at % length] = byte;
            content.truncate(length - cut % length);
            let _ = read(&content, Limits { pixels: 1_000_000, ..Limits::default() });
        }
    }
}
