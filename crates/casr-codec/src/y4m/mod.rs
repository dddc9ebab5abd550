//! Video as uncompressed frames: YUV4MPEG2, in short y4m, the stream that FFmpeg, VapourSynth and
//! encoders hand each other through pipes.
//!
//! [`FrameReader`] turns each frame into RGB or grey in `[0, 1]`, [`FrameWriter`] turns such
//! pixels into frames of the same kind at another size: the same bit depth, range, chroma
//! subsampling and siting, and every other parameter as it was.
//!
//! The stream does not say which matrix made Y'CbCr of its RGB. BT.601 is taken for up to 576
//! rows and BT.709 above, both ways the input's, so a wrong guess changes nothing but what the
//! colours look like to the network.

mod chroma;
mod colour;
mod error;
mod header;
mod reader;
mod writer;

pub use error::FrameError;
pub use header::{Chroma, Siting, VideoHeader};
pub use reader::{FrameReader, MAGIC};
pub use writer::FrameWriter;

/// Pixels of a frame, row by row: as many samples each as [`VideoHeader::channels`] says, in
/// `[0, 1]`.
pub type FramePixels = Vec<f32>;
