// One image in OpenSeadragon: the original, which the browser interpolates, and above it the tiles that CASR enlarges.

import { Failure, enlargedAddress, imageAddress, patientRequest } from "./server.js";
import { TileQueue } from "./tiles.js";

// A tile's pixel covers at least so many of the screen's before the next finer level is shown.
const FINEST = 0.6;
// From here on the level of ×2 is the one to show. Below, CASR has nothing to add to the original.
const SHARP_FROM = 2 * FINEST;
// Screens finer than this get no more tiles: the eye does not tell.
const DENSEST_SCREEN = 2;
const FADE_SECONDS = 0.25;

export class Picture extends EventTarget {
    #viewer;
    #queues;
    #original = null;
    #sharp = null;
    #info = null;
    #opening = new AbortController();
    #look = null;
    #split = null;
    #fade;

    /**
     * Shows images in `element`. Fires `view` where the visible part changes, `rest` where it comes to rest, `pending` with the number of tiles to
     * come as `detail`, `state` with whether any are missing, and `trouble` with a `Failure`, or null where it is over.
     */
    constructor(element) {
        super();
        prepareOpenSeadragon();
        const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
        this.#fade = still ? 0 : FADE_SECONDS;
        this.#viewer = OpenSeadragon({
            element,
            drawer: "canvas",
            showNavigationControl: false,
            keyboardNavEnabled: false,
            gestureSettingsMouse: { clickToZoom: false, dblClickToZoom: true },
            gestureSettingsPen: { clickToZoom: false, dblClickToZoom: true },
            zoomPerClick: 2,
            visibilityRatio: 1,
            animationTime: still ? 0 : 0.6,
            preserveImageSizeOnResize: true,
            // Tiles wait in the queue, for as long as it takes.
            imageLoaderLimit: 0,
            maxTilesPerFrame: 4,
            timeout: 2 ** 31 - 1,
            maxImageCacheCount: 400,
        });
        this.#viewer.canvas.setAttribute("role", "img");
        const troubled = (failure) => this.#fire("trouble", failure);
        const rank = (tile, source) => this.#rank(tile, source);
        this.#queues = {
            original: new TileQueue({ atOnce: 2, rank, troubled }),
            sharp: new TileQueue({ atOnce: 4, rank, troubled, changed: (pending) => this.#fire("pending", pending) }),
        };
        this.#viewer.addHandler("viewport-change", () => this.#moved());
        this.#viewer.addHandler("animation-finish", () => this.#fire("rest"));
        this.#viewer.addHandler("resize", () => this.#limitZoom());
    }

    /** Opens the image `id` at `view` (`{at, zoom}`, or nulls for all of it), enlarged by up to `maxFactor`; `label` names it for screen readers. */
    async open(id, { view, look, split, maxFactor, label }) {
        this.close();
        const { signal } = this.#opening;
        const waiting = (failure) => failure.kind === "gone" && this.#fire("trouble", failure);
        const describe = async (base) => (await patientRequest(`${base}/info.json`, { signal, waiting })).json();
        this.#look = look;
        this.#split = split;
        this.#viewer.canvas.setAttribute("aria-label", label);

        const base = imageAddress(id);
        const info = await describe(base);
        this.#fire("trouble", null);
        const source = this.#queues.original.source(info, base);
        await new Promise((resolve, reject) => {
            this.#viewer.addOnceHandler("open", resolve);
            this.#viewer.addOnceHandler("open-failed", ({ message }) => reject(new Failure("broken", message)));
            this.#viewer.open(source);
        });
        if (signal.aborted) {
            return;
        }
        this.#original = this.#viewer.world.getItemAt(0);
        this.#watch(this.#original);
        this.#info = { id, width: info.width, height: info.height, maxFactor, maxArea: info.maxArea, maxWidth: info.maxWidth, maxHeight: info.maxHeight };
        this.#limitZoom();
        this.show(view, true);
        this.#fire("view");

        const largest = await this.#largest(id, look, maxFactor, describe);
        if (largest && !signal.aborted) {
            const { maxArea, maxWidth, maxHeight } = largest.info;
            Object.assign(this.#info, { maxFactor: largest.factor, enlarged: largest.info, maxArea, maxWidth, maxHeight });
            this.#limitZoom();
            this.#addSharp();
        }
        this.#fire("view");
        if (!largest) {
            throw new Failure("refused", "The server does not enlarge this image: what is shown is interpolated.");
        }
    }

    /** The largest factor up to `factor` that the server enlarges this image by, with its info.json; null where there is none. */
    async #largest(id, look, factor, describe) {
        for (let tried = factor; tried > 1; tried /= 2) {
            try {
                return { factor: tried, info: await describe(enlargedAddress(id, tried, look)) };
            } catch (error) {
                if (!(error instanceof Failure) || error.kind !== "refused") {
                    throw error;
                }
            }
        }
        return null;
    }

    close() {
        this.#opening.abort();
        this.#opening = new AbortController();
        for (let i = 0; i < this.#viewer.world.getItemCount(); i += 1) {
            this.#viewer.world.getItemAt(i).source.retired = true;
        }
        this.#viewer.close();
        this.#original = null;
        this.#sharp = null;
        this.#info = null;
        this.#queues.original.update();
        this.#queues.sharp.update();
    }

    focus() {
        this.#viewer.canvas.focus({ preventScroll: true });
    }

    /** Null until the image is open; else its id, size, the largest factor, and what the server allows a download. */
    get info() {
        return this.#info;
    }

    get look() {
        return this.#look;
    }

    set look(look) {
        this.#look = look;
        if (this.#info?.enlarged) {
            this.#addSharp();
        }
    }

    /** Where the border between interpolation and CASR stands, from 0, left, to 1; null for CASR alone. */
    set split(split) {
        this.#split = split;
        if (this.#original) {
            this.#arrange();
            this.#queues.sharp.update();
            this.#viewer.forceRedraw();
        }
    }

    /** How many of the screen's pixels one of the original covers, across; where it is moving to with `target`. */
    factor(target = false) {
        return this.#original.viewportToImageZoom(this.#viewer.viewport.getZoom(!target)) * devicePixelRatio;
    }

    /** The centre that the view has or moves to, in pixels of the original. */
    get centre() {
        const { x, y } = this.#original.viewportToImageCoordinates(this.#viewer.viewport.getCenter(false));
        return { x, y };
    }

    /** The visible part of the original, in its pixels, as it will be when the view has come to rest, or as it is now. */
    visible(target = true) {
        const { x, y, width, height } = this.#original.viewportToImageRectangle(this.#viewer.viewport.getBounds(!target));
        const left = Math.max(0, x);
        const top = Math.max(0, y);
        return { x: left, y: top, width: Math.min(this.#info.width, x + width) - left, height: Math.min(this.#info.height, y + height) - top };
    }

    /** Where on the screen the whole image is now, in CSS pixels of the viewer. */
    placement() {
        const { x: left, y: top, width, height } = this.#viewer.viewport.viewportToViewerElementRectangle(this.#original.getBounds(true));
        return { left, top, width, height };
    }

    /** Goes to `{at, zoom}`; to the whole image where they are null. */
    show({ at, zoom }, immediately = false) {
        const { viewport } = this.#viewer;
        if (!zoom) {
            viewport.goHome(immediately);
            return;
        }
        viewport.zoomTo(this.#viewportZoom(zoom), null, immediately);
        if (at) {
            viewport.panTo(this.#original.imageToViewportCoordinates(at.x, at.y), immediately);
        }
        viewport.applyConstraints(immediately);
    }

    /** To the next power of two, in or out, where a pixel of some level covers one of the screen. */
    step(inwards) {
        const level = Math.log2(this.factor(true));
        const next = 2 ** (inwards ? Math.floor(level + 0.05) + 1 : Math.ceil(level - 0.05) - 1);
        this.#viewer.viewport.zoomTo(this.#viewportZoom(next)).applyConstraints();
    }

    /** By a share of the visible width and height. */
    pan(x, y) {
        const { viewport } = this.#viewer;
        const { width, height } = viewport.getBounds(false);
        viewport.panBy(new OpenSeadragon.Point(x * width, y * height)).applyConstraints();
    }

    panTo({ x, y }) {
        this.#viewer.viewport.panTo(this.#original.imageToViewportCoordinates(x, y)).applyConstraints();
    }

    #viewportZoom(factor) {
        return this.#original.imageToViewportZoom(factor / devicePixelRatio);
    }

    #limitZoom() {
        if (this.#original) {
            const { viewport } = this.#viewer;
            const home = viewport.getHomeZoom();
            viewport.minZoomLevel = Math.min(this.#viewportZoom(1), home);
            viewport.maxZoomLevel = Math.max(this.#viewportZoom(this.#info.maxFactor), home);
            this.#moved();
        }
    }

    /** Puts tiles of the present look above all others, which go once those are there. */
    #addSharp() {
        const { id, maxFactor, enlarged } = this.#info;
        const base = enlargedAddress(id, maxFactor, this.#look);
        const source = this.#queues.sharp.source(enlarged, base);
        // The lowest level that is larger than the original.
        source.minLevel = Math.max(0, source.maxLevel - Math.ceil(Math.log2(maxFactor)) + 1);
        if (this.#sharp) {
            this.#sharp.source.retired = true;
        }
        this.#viewer.addTiledImage({
            tileSource: source,
            width: 1,
            opacity: 0,
            success: ({ item }) => {
                // The level that is shown at once: the original stands in for those below it.
                item.immediateRender = true;
                item.blendTime = this.#fade;
                item.minPixelRatio = finest();
                if (source.retired || !this.#original) {
                    source.retired = true;
                    this.#viewer.world.removeItem(item);
                    return;
                }
                this.#sharp = item;
                this.#watch(item);
                this.#arrange();
                this.#queues.sharp.update();
            },
        });
    }

    #watch(item) {
        item.addHandler("fully-loaded-change", () => this.#settle());
    }

    #moved() {
        if (!this.#original) {
            return;
        }
        this.#arrange();
        this.#queues.original.update();
        this.#queues.sharp.update();
        this.#fire("view");
    }

    /** Shows CASR's tiles where they say more than the original, right of the border. */
    #arrange() {
        const { world, viewport } = this.#viewer;
        const shown = this.factor() > SHARP_FROM;
        for (let i = 1; i < world.getItemCount(); i += 1) {
            const item = world.getItemAt(i);
            const { x: width, y: height } = item.getContentSize();
            let left = 0;
            if (this.#split !== null) {
                const border = viewport.pointFromPixel(new OpenSeadragon.Point(this.#split * viewport.getContainerSize().x, 0), true);
                left = Math.max(0, item.viewportToImageCoordinates(border.x, border.y, true).x);
            }
            item.setOpacity(shown && left < width ? 1 : 0);
            if (left < width) {
                item.setClip(this.#split === null ? null : new OpenSeadragon.Rect(left, 0, width - left, height));
            }
        }
        this.#settle();
    }

    /** Says whether tiles are missing, and removes the tiles of former looks once the present one's are there. */
    #settle() {
        if (!this.#original) {
            return;
        }
        const hidden = !this.#info.enlarged || (this.#sharp && !this.#sharp.source.retired && this.#sharp.getOpacity() === 0);
        const sharp = hidden || Boolean(this.#sharp && !this.#sharp.source.retired && this.#sharp.getFullyLoaded());
        this.#fire("state", !(sharp && this.#original.getFullyLoaded()));
        if (sharp && this.#viewer.world.getItemCount() > 2) {
            setTimeout(() => this.#removeRetired(), this.#fade * 1000 + 50);
        }
    }

    #removeRetired() {
        const { world } = this.#viewer;
        for (let i = world.getItemCount() - 1; i > 0; i -= 1) {
            const item = world.getItemAt(i);
            if (item.source.retired && this.#sharp && !this.#sharp.source.retired) {
                world.removeItem(item);
            }
        }
    }

    /** The place of a tile in the queue, from the middle of where the view moves to outwards; null for one that is not seen there. */
    #rank(tile, source) {
        if (!this.#original) {
            return null;
        }
        const { viewport } = this.#viewer;
        const view = viewport.getBounds(false);
        const { x, y, width, height } = tile.bounds;
        const enlarged = source !== this.#original.source;
        const border = view.x + (enlarged ? (this.#split ?? 0) * view.width : 0);
        const seen = x < view.x + view.width && x + width > border && y < view.y + view.height && y + height > view.y;
        if (!seen || (enlarged && (this.factor(true) <= SHARP_FROM || tile.level !== this.#levelFor(source)))) {
            return null;
        }
        const centre = view.getCenter();
        const distance = Math.hypot(x + width / 2 - centre.x, y + height / 2 - centre.y);
        // Of the original the coarsest first: a few tiles that show all.
        return enlarged ? distance : 100 * tile.level + distance;
    }

    /** The level of CASR's that the view will show when it has come to rest. */
    #levelFor(source) {
        for (let level = source.maxLevel; level > source.minLevel; level -= 1) {
            if (this.#viewer.viewport.deltaPixelsFromPointsNoRotate(source.getPixelRatio(level), false).x >= finest()) {
                return level;
            }
        }
        return source.minLevel;
    }

    #fire(type, detail) {
        this.dispatchEvent(new CustomEvent(type, { detail }));
    }
}

/** How many of the screen's pixels one of a tile covers at least. */
function finest() {
    return FINEST * Math.max(1, devicePixelRatio / DENSEST_SCREEN);
}

function prepareOpenSeadragon() {
    // OpenSeadragon adds a style element, which a Content-Security-Policy without inline styles blocks and reports, unless it finds one that has
    // this attribute. Any element of that name will do.
    const found = document.createElementNS("urn:casr:none", "style");
    found.setAttribute("data-openseadragon-mobile-css", "");
    document.head.append(found);
    // It interpolates across the borders of tiles only where tiles have a `length`; those of 6.1.1 have none, and their borders would show.
    OpenSeadragon.Tile.prototype.length = 1;
}
