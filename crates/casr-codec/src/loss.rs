//! What a file could not keep: not an error, but the user should be informed.

use std::fmt;

/// Something that was left behind on the way into memory or into a file. Its `Display` is a clause
/// such as "only the first frame was read".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Loss {
    /// An animation or a document of several pages.
    LaterFrames,
    /// CMYK samples became RGB, so the CMYK profile no longer applies.
    CmykProfile,
    /// CMYK samples without a colour profile became RGB by a simple formula.
    Cmyk,
    /// The file lacks its end marker, but all pixels were there.
    NoEnd,
    /// There were bytes in the file that no part of the format accounts for; the pixels were all
    /// there.
    StrayBytes,
    /// Floating-point samples beyond 0 and 1 were cut off.
    Range,
    /// A PNG says what its colours mean by `gAMA`, `cHRM` or `cICP` chunks, which the format does
    /// not hold.
    ColourChunks,
    /// 16-bit samples were rounded to the 8 bits that the format holds.
    Depth,
    /// The format does not hold this ICC profile.
    Profile,
    /// The format does not hold this EXIF.
    Exif,
    /// The format does not hold this XMP.
    Xmp,
    /// The extension of a JPEG's XMP is incomplete or cannot be put together with it.
    ExtendedXmp,
    /// Parts of the ICC profile are missing.
    BrokenProfile,
    /// The format does not hold Photoshop's resources, or not IPTC among them.
    Photoshop,
    /// The format does not hold the comments of a JPEG or GIF.
    Comments,
    /// The format does not hold a PNG's texts.
    Texts,
    /// The format does not hold this resolution.
    Resolution,
    /// The maker's note in the EXIF could not be moved.
    MakerNote,
    /// The gain map, which brightens a photograph on screens with high dynamic range.
    GainMap,
    /// The video behind a photograph.
    MotionPhoto,
    /// Segments, chunks and tags that this crate does not recognise, content credentials among
    /// them.
    ApplicationData,
    /// The mark that the image was enlarged could not be added to its XMP.
    Mark,
}

impl fmt::Display for Loss {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::LaterFrames => "only the first frame or page was read",
            Self::CmykProfile => "CMYK became RGB without its colour profile, so colours may shift",
            Self::Cmyk => "CMYK without a colour profile became RGB by the plain rule, so colours may shift",
            Self::NoEnd => "the file lacks its end marker, though all pixels are there; it may have been cut off",
            Self::StrayBytes => "the file holds bytes that belong to nothing, though all pixels are there; it may be damaged",
            Self::Range => "floating-point samples below 0 or above 1 were cut off there",
            Self::ColourChunks => "its gAMA, cHRM or cICP colour description was not kept, so colours may shift",
            Self::Depth => "16-bit samples were rounded to 8 bits, all that the format holds (PNG and TIFF keep 16)",
            Self::Profile => "the ICC profile does not fit the format and was left out, so colours may shift",
            Self::Exif => "the EXIF data does not fit the format and was left out",
            Self::Xmp => "the XMP data does not fit the format and was left out",
            Self::ExtendedXmp => "a part of the XMP data is incomplete and was left out",
            Self::BrokenProfile => "parts of the ICC profile are missing, so it was left out and colours may shift",
            Self::Photoshop => "IPTC and Photoshop data do not fit the format and were left out (JPEG and TIFF keep them)",
            Self::Comments => "comments do not fit the format and were left out (JPEG and PNG keep them)",
            Self::Texts => "texts of the PNG do not fit the format and were left out (PNG keeps them)",
            Self::Resolution => "the resolution does not fit the format and was left out",
            Self::MakerNote => "the camera maker's note in the EXIF data cannot be moved and was left out",
            Self::GainMap => "the gain map for high dynamic range was left out",
            Self::MotionPhoto => "the video of the motion photo was left out",
            Self::Mark => "the mark that it was enlarged could not be added to its XMP data",
            Self::ApplicationData => "data of other programs, such as content credentials, were left out",
        })
    }
}
