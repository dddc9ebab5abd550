// The visible region at its present size, as a file.

import { content, enlargedAddress, imageAddress, nameOf, patientRequest } from "./server.js";
import { short } from "./link.js";

/**
 * What a download of `visible`, a part of the original in its pixels, is at that factor: its address, size and file name, and in `obstacle` why it
 * is too large, or null. CASR never shrinks: below ×1 it is the part of the original itself.
 */
export function plan(info, visible, factor, look) {
    const enlarges = factor > 1.005 && info.enlarged;
    const scale = enlarges ? Number(short(Math.min(factor, info.maxFactor), 2)) : 1;
    const [x, width] = span(visible.x * scale, visible.width * scale, Math.floor(info.width * scale));
    const [y, height] = span(visible.y * scale, visible.height * scale, Math.floor(info.height * scale));
    const base = enlarges ? enlargedAddress(info.id, scale, look) : imageAddress(info.id);
    const stem = nameOf(info.id).split("/").pop().replace(/\.[^.]*$/, "");
    return {
        address: `${base}/${x},${y},${width},${height}/${width},${height}/0/default.png?download`,
        width,
        height,
        file: `${stem}${enlarges ? `-x${scale}-${look}` : ""}-${x},${y},${width}x${height}.png`,
        obstacle: obstacle(info, width, height, enlarges),
    };
}

/** Whole pixels, at least one, inside `limit` of them. */
function span(start, length, limit) {
    const first = Math.min(Math.round(start), limit - 1);
    return [first, Math.min(Math.max(Math.round(length), 1), limit - first)];
}

function obstacle({ maxWidth = Infinity, maxHeight = maxWidth, maxArea = Infinity }, width, height, enlarges) {
    const remedy = enlarges ? "Make the window smaller, or use casr upscale." : "Zoom in, so that less is visible.";
    if (width * height > maxArea) {
        return `Too large to download: the server allows ${megapixels(maxArea)}, this is ${megapixels(width * height)}. ${remedy}`;
    }
    if (width > maxWidth || height > maxHeight) {
        return `Too large to download: the server allows ${maxWidth} × ${maxHeight} pixels, this is ${width} × ${height}. ${remedy}`;
    }
    return null;
}

function megapixels(pixels) {
    return `${short(pixels / 1e6, 1)} megapixels`;
}

/** Fetches the file, waits for a server that is busy or gone, of which `waiting` hears, and hands it to the browser to keep. */
export async function save({ address, file }, { signal, waiting }) {
    const image = await content(await patientRequest(address, { signal, waiting }));
    const link = document.createElement("a");
    link.href = URL.createObjectURL(image);
    link.download = file;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
