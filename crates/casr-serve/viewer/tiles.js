// The queue that fetches tiles: the nearest to the middle of the view first, a few at once, those that left the view not at all; a busy server is
// asked again when it said so.

import { Failure, content, request } from "./server.js";

export class TileQueue {
    #atOnce;
    #rank;
    #changed;
    #troubled;
    #waiting = new Set();
    #running = new Map();
    #pauseEnds = 0;
    #timer = null;

    /**
     * `atOnce` requests run at a time. `rank(tile, source)` is the place of a tile in the order, the lowest first, or null where it is no longer
     * wanted. `changed(pending)` is called when the number of tiles to come changes, `troubled(failure)` when one failed, with null when one came.
     */
    constructor({ atOnce, rank, changed = () => {}, troubled = () => {} }) {
        this.#atOnce = atOnce;
        this.#rank = rank;
        this.#changed = changed;
        this.#troubled = troubled;
    }

    /** A source for OpenSeadragon of the image at `base` that `info`, its info.json, describes, whose tiles go through this queue. */
    source(info, base, options = {}) {
        const queue = this;
        const { IIIFTileSource } = OpenSeadragon;
        const settings = IIIFTileSource.prototype.configure({ ...info, id: base }, `${base}/info.json`);
        const source = new IIIFTileSource({ ...settings, ...options });
        source.retired = false;
        source.downloadTileStart = (job) => queue.#add(job);
        source.downloadTileAbort = (job) => queue.#forget(job);
        return source;
    }

    /** Starts what may start, and stops what left the view. What is not wanted now waits until it is, or until its source is retired. */
    update() {
        for (const job of [...this.#waiting, ...this.#running.keys()]) {
            if (job.source.retired) {
                this.#forget(job);
            } else if (this.#running.has(job) && this.#rankOf(job) === null) {
                this.#stop(job);
                this.#waiting.add(job);
            }
        }
        const wanted = [...this.#waiting].filter((job) => this.#rankOf(job) !== null).sort((a, b) => this.#rankOf(a) - this.#rankOf(b));
        const pending = wanted.length + this.#running.size;
        const wait = this.#pauseEnds - performance.now();
        if (wait > 0) {
            clearTimeout(this.#timer);
            this.#timer = setTimeout(() => this.update(), wait);
        } else {
            for (const job of wanted.slice(0, this.#atOnce - this.#running.size)) {
                this.#waiting.delete(job);
                this.#fetch(job);
            }
        }
        this.#changed(pending);
    }

    #rankOf(job) {
        return this.#rank(job.tile, job.source);
    }

    #add(job) {
        // Nothing but this queue gives a tile up.
        clearTimeout(job.jobId);
        if (!job.source.retired) {
            this.#waiting.add(job);
            // OpenSeadragon asks for the tiles of a frame one by one.
            clearTimeout(this.#timer);
            this.#timer = setTimeout(() => this.update(), 0);
        }
    }

    #stop(job) {
        this.#running.get(job)?.abort();
        this.#running.delete(job);
    }

    #forget(job) {
        this.#waiting.delete(job);
        this.#stop(job);
    }

    async #fetch(job) {
        const control = new AbortController();
        this.#running.set(job, control);
        let bitmap = null;
        let failure = null;
        try {
            const response = await request(job.src, control.signal);
            bitmap = await createImageBitmap(await content(response));
        } catch (error) {
            failure = error instanceof Failure ? error : new Failure("broken", "The server sent a tile that is no image. Its log may say more.");
        }
        if (this.#running.get(job) !== control) {
            bitmap?.close();
            return;
        }
        this.#running.delete(job);
        if (bitmap) {
            job.finish(bitmap, null, "imageBitmap");
            this.#troubled(null);
        } else if (failure.passes) {
            this.#waiting.add(job);
            this.#pauseEnds = performance.now() + failure.wait;
            this.#troubled(failure);
        } else {
            job.fail(failure.message, null);
            this.#troubled(failure);
        }
        this.update();
    }
}
