// Permalinks: the image and the view of it in the part of the page's address behind `#`, such as
// `#/folder%2Fdog.png?at=288,120.5&zoom=8&look=vivid&split=50`; nothing there is the gallery.

/** Where `hash` leads: null for the gallery, else `{id, at, zoom, look, split}`, with null for what it leaves out. */
export function readLink(hash) {
    const match = /^#\/([^?/]+)(?:\?(.*))?$/.exec(hash);
    if (!match) {
        return null;
    }
    const query = new URLSearchParams(match[2] ?? "");
    const at = (query.get("at") ?? "").split(",").map(Number);
    const zoom = Number(query.get("zoom") ?? NaN);
    const split = Number(query.get("split") ?? NaN);
    return {
        id: match[1],
        at: at.length === 2 && at.every(Number.isFinite) ? { x: at[0], y: at[1] } : null,
        zoom: zoom > 0 && Number.isFinite(zoom) ? zoom : null,
        look: query.get("look"),
        split: split >= 0 && split <= 100 ? split : null,
    };
}

/** `at` is the centre in pixels of the original, `zoom` the factor, `split` in percent from the left or null. */
export function writeLink({ id, at, zoom, look, split }) {
    const position = `at=${short(at.x, 2)},${short(at.y, 2)}&zoom=${short(zoom, 3)}`;
    return `#/${id}?${position}&look=${look}${split === null ? "" : `&split=${short(split, 1)}`}`;
}

export function imageLink(id) {
    return `#/${id}`;
}

/** The number with at most so many decimals, and no more than it needs. */
export function short(number, decimals) {
    return String(Number(number.toFixed(decimals)));
}
