// The handle between interpolation, left, and CASR, right: by mouse, touch and keyboard.

const KEY_STEP = 0.02;
const PAGE_STEP = 0.1;

export class Split {
    #frame = document.getElementById("split");
    #handle = document.getElementById("split-handle");
    #label = document.querySelector(".split-label.right");
    #position = null;
    #changed;

    /** `changed(position)` is called with a position from 0 to 1, or null where the handle was put away. */
    constructor(changed) {
        this.#changed = changed;
        this.#handle.addEventListener("pointerdown", (event) => this.#grasp(event));
        this.#handle.addEventListener("pointermove", (event) => {
            if (this.#handle.hasPointerCapture(event.pointerId)) {
                const { left, width } = this.#frame.getBoundingClientRect();
                this.set((event.clientX - left) / width);
            }
        });
        this.#handle.addEventListener("keydown", (event) => this.#press(event));
    }

    get position() {
        return this.#position;
    }

    set(position) {
        this.#position = position === null ? null : Math.min(Math.max(position, 0), 1);
        this.#frame.hidden = position === null;
        if (position !== null) {
            this.#frame.style.setProperty("--split", `${this.#position * 100}%`);
            const percent = Math.round(this.#position * 100);
            this.#handle.setAttribute("aria-valuenow", percent);
            this.#handle.setAttribute("aria-valuetext", `${percent} % interpolation`);
        }
        this.#changed(this.#position);
    }

    focus() {
        this.#handle.focus();
    }

    name(look) {
        this.#label.textContent = `CASR, ${look}`;
    }

    #grasp(event) {
        event.preventDefault();
        this.#handle.focus();
        this.#handle.setPointerCapture(event.pointerId);
    }

    #press(event) {
        const steps = { ArrowLeft: -KEY_STEP, ArrowRight: KEY_STEP, ArrowDown: -KEY_STEP, ArrowUp: KEY_STEP, PageDown: -PAGE_STEP, PageUp: PAGE_STEP, Home: -1, End: 1 };
        const step = steps[event.key];
        if (step !== undefined && !event.ctrlKey && !event.metaKey && !event.altKey) {
            event.preventDefault();
            this.set(this.#position + step);
        }
    }
}
