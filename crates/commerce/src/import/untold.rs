//! What a file says nothing of.

/// What a file has no column for: a known product keeps what it has of it. What is new begins as if the column were empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "they are fields of products and variants")]
pub enum Untold {
    Description,
    Status,
    Vendor,
    Tags,
    /// In what the variants differ: known ones are recognised by their SKUs alone.
    Options,
    /// All pictures but those that variants are given, which join the known ones.
    Images,
    ImageAlts,
    Sku,
    CompareAtPrice,
    TrackStock,
    Weight,
    Barcode,
}
