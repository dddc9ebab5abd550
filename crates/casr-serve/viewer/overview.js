// The small picture in the corner that shows which part of the image is visible, and goes where one points in it.

import { thumbnailAddress } from "./server.js";

// Shown where less than this share of the image, across or down, is visible.
const WHOLE = 0.85;

export class Overview {
    #frame = document.getElementById("overview");
    #image = document.getElementById("overview-image");
    #window = document.getElementById("overview-frame");

    /** `go(x, y)` is called with a place in shares of the image's width and height. */
    constructor(go) {
        const point = (event) => {
            const { left, top, width, height } = this.#image.getBoundingClientRect();
            go((event.clientX - left) / width, (event.clientY - top) / height);
        };
        this.#frame.addEventListener("pointerdown", (event) => {
            event.preventDefault();
            this.#frame.setPointerCapture(event.pointerId);
            point(event);
        });
        this.#frame.addEventListener("pointermove", (event) => {
            if (this.#frame.hasPointerCapture(event.pointerId)) {
                point(event);
            }
        });
    }

    open(id) {
        this.#image.src = thumbnailAddress(id);
        this.#frame.hidden = true;
    }

    /** `visible` is a part of an image of that size. */
    update(visible, { width, height }) {
        const share = { x: visible.x / width, y: visible.y / height, width: visible.width / width, height: visible.height / height };
        this.#frame.hidden = Math.min(share.width, share.height) > WHOLE;
        const { style } = this.#window;
        style.left = `${share.x * 100}%`;
        style.top = `${share.y * 100}%`;
        style.width = `${share.width * 100}%`;
        style.height = `${share.height * 100}%`;
    }
}
