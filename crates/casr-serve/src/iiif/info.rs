//! Image information: `info.json`.

use crate::order::Frame;
use casr_zoom::Size;
use serde_json::{Value, json};

/// The side of a tile in pixels.
pub const TILE: usize = 512;

/// The document that gives the answer's words their meaning.
pub const CONTEXT: &str = "http://iiif.io/api/image/3/context.json";

/// Sizes of the whole image are listed down to the first with sides up to this.
const SMALLEST: usize = 128;

/// The document for an image; `id` is its URL, `grey` whether it has no colours.
pub fn document(id: &str, frame: &Frame, grey: bool) -> Value {
    let Size { width, height } = frame.size;
    let largest = frame.largest();
    let (mut sizes, mut factors) = (Vec::new(), Vec::new());
    let mut factor = 1;
    loop {
        let (across, down) = (width.div_ceil(factor), height.div_ceil(factor));
        let fits = across <= largest.width && down <= largest.height;
        if fits && across as u64 * down as u64 <= frame.max_area {
            sizes.push(json!({ "width": across, "height": down }));
        }
        let longest = across.max(down);
        // The first factor at which one tile holds the whole image is the last one.
        if factor == 1 || 2 * longest > TILE {
            factors.push(factor);
        }
        if longest <= SMALLEST {
            break;
        }
        factor *= 2;
    }
    sizes.reverse();
    let qualities: &[&str] = match grey {
        true => &["gray", "bitonal"],
        false => &["color", "gray", "bitonal"],
    };
    json!({
        "@context": CONTEXT,
        "id": id,
        "type": "ImageService3",
        "protocol": "http://iiif.io/api/image",
        "profile": "level2",
        "width": width,
        "height": height,
        "maxWidth": largest.width,
        "maxHeight": largest.height,
        "maxArea": frame.max_area,
        "sizes": sizes,
        "tiles": [{ "width": TILE, "height": TILE, "scaleFactors": factors }],
        "extraQualities": qualities,
        "extraFormats": ["webp", "tif"],
        "extraFeatures": [
            "canonicalLinkHeader",
            "mirroring",
            "profileLinkHeader",
            "sizeUpscaling",
        ],
    })
}
