//! What can go wrong with a stream of frames.

use crate::shown;
use std::io;
use std::path::PathBuf;

/// Why a stream of frames was not read or not written. The message names the stream, what failed
/// and what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// The stream's first line is not that of a y4m stream.
    #[error(
        "{}: the header of the video is damaged ({reason}); write it anew, such as by ffmpeg -f yuv4mpegpipe",
        shown(path)
    )]
    Header {
        /// The stream.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A kind of video that is not read.
    #[error("{}: {what} is not read; {remedy}", shown(path))]
    Unsupported {
        /// The stream.
        path: PathBuf,
        /// What it is.
        what: String,
        /// What to do.
        remedy: &'static str,
    },
    /// Frames of more pixels than wanted.
    #[error(
        "{}: frames of {width}×{height} pixels are more than the limit of {limit} pixels; allow more, or shrink them first",
        shown(path)
    )]
    TooLarge {
        /// The stream.
        path: PathBuf,
        /// Columns.
        width: usize,
        /// Rows.
        height: usize,
        /// The most pixels that are read.
        limit: u64,
    },
    /// What stands between two frames is not the beginning of one.
    #[error(
        "{}: frame {frame} of the video is damaged; write it anew",
        shown(path)
    )]
    Damaged {
        /// The stream.
        path: PathBuf,
        /// Which one, from 1.
        frame: u64,
    },
    /// The stream ends within a frame.
    #[error(
        "{}: the video is cut off within frame {frame}; look at what wrote it",
        shown(path)
    )]
    Truncated {
        /// The stream.
        path: PathBuf,
        /// Which one, from 1.
        frame: u64,
    },
    /// The operating system refused to read.
    #[error("{}: the video cannot be read ({source})", shown(path))]
    Unreadable {
        /// The stream.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The operating system refused to write.
    #[error("{}: the video cannot be written ({source})", shown(path))]
    Unwritable {
        /// The stream.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}
