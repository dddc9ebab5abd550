// The folder's images: thumbnails that load as they come into view, a page of the listing at a time.

import { Failure, listingAddress, patientRequest, thumbnailAddress } from "./server.js";
import { imageLink } from "./link.js";

const PAGE = 60;
const THUMBNAIL_TRIES = 6;
// Rows keep a height that suits photographs: what is wider or narrower is cropped to this.
const NARROWEST = 0.6;
const WIDEST = 2.5;

export class Gallery {
    #list = document.getElementById("gallery-images");
    #summary = document.getElementById("gallery-summary");
    #message = document.getElementById("gallery-message");
    #more = document.getElementById("gallery-more");
    #next = null;
    #begun = false;
    #busy = false;
    #listed;

    /** `listed` is called with each answer of the listing. */
    constructor(listed) {
        this.#listed = listed;
        this.#more.addEventListener("click", () => this.#loadPage());
        this.#message.querySelector("button").addEventListener("click", () => this.#loadPage());
        new IntersectionObserver(([entry]) => entry.isIntersecting && this.#loadPage(), { rootMargin: "600px" }).observe(this.#more);
    }

    /** Shows the first page, where it does not yet. */
    async load() {
        if (!this.#begun) {
            await this.#loadPage();
        }
    }

    /** Puts the focus on the image `id`, or on the first one. */
    focus(id) {
        const links = [...this.#list.querySelectorAll("a")];
        const link = links.find((candidate) => candidate.hash === imageLink(id)) ?? links[0];
        link?.focus();
    }

    async #loadPage() {
        if (this.#busy) {
            return;
        }
        this.#busy = true;
        this.#list.setAttribute("aria-busy", "true");
        if (this.#begun) {
            this.#message.hidden = true;
        } else {
            this.#say("Reading the folder …");
        }
        try {
            const waiting = (failure) => failure.kind === "gone" && this.#say(`${failure.message} Trying again …`);
            const response = await patientRequest(listingAddress(this.#next, PAGE), { waiting });
            const answer = await response.json();
            this.#listed(answer);
            this.#show(answer);
        } catch (error) {
            this.#say(error instanceof Failure ? error.message : "The server's list of images cannot be read.", true);
        }
        this.#busy = false;
        this.#list.setAttribute("aria-busy", "false");
        this.#showMoreInView();
    }

    #show({ images, next, max_factor: maxFactor }) {
        this.#begun = true;
        this.#message.hidden = true;
        this.#list.append(...images.map(card));
        this.#next = next;
        this.#more.hidden = next === null;
        const count = this.#list.children.length;
        if (count === 0) {
            this.#summary.textContent = "";
            this.#say("There are no images in this folder yet. Put some into it (PNG, JPEG, WebP, TIFF, BMP or GIF) and load this page again.");
        } else {
            const images = count === 1 && next === null ? "1 image" : `${count}${next === null ? "" : "+"} images`;
            this.#summary.textContent = `${images}, at any zoom up to ×${maxFactor}`;
        }
    }

    /** The observer speaks only of changes: a page that leaves the end in view asks for the next by itself. */
    #showMoreInView() {
        if (!this.#more.hidden && this.#message.hidden && this.#more.getBoundingClientRect().top < innerHeight + 600) {
            this.#loadPage();
        }
    }

    #say(text, again = false) {
        this.#message.hidden = false;
        this.#message.querySelector("p").textContent = text;
        this.#message.querySelector("button").hidden = !again;
    }
}

function card({ id, name, width, height }) {
    const thumbnail = document.createElement("img");
    thumbnail.loading = "lazy";
    thumbnail.decoding = "async";
    thumbnail.alt = "";
    thumbnail.src = thumbnailAddress(id);
    retry(thumbnail);

    const title = document.createElement("span");
    title.className = "card-name";
    title.textContent = name;
    const size = document.createElement("span");
    size.className = "card-size";
    size.textContent = `${width} × ${height}`;

    const frame = document.createElement("span");
    frame.className = "card-frame";
    frame.append(thumbnail);
    const link = document.createElement("a");
    link.href = imageLink(id);
    link.title = name;
    link.append(frame, title, size);
    const item = document.createElement("li");
    item.className = "card";
    item.style.setProperty("--aspect", Math.min(Math.max(width / height, NARROWEST), WIDEST));
    item.append(link);
    return item;
}

/** A server that is busy may refuse thumbnails; an `img` does not say why it failed. */
function retry(thumbnail) {
    let tries = 1;
    thumbnail.addEventListener("error", () => {
        if (tries === THUMBNAIL_TRIES) {
            thumbnail.parentElement.classList.add("failed");
            return;
        }
        setTimeout(() => {
            thumbnail.src = `${thumbnail.src.split("#")[0]}#${tries}`;
        }, 1000 * tries);
        tries += 1;
    });
}
