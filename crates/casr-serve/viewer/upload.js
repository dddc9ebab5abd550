// Images that are sent from here to be looked at: by the button, dropped on the page, or pasted.

import { Failure, NO_ANSWER, checked, rememberName, uploadAddress } from "./server.js";
import { imageLink, short } from "./link.js";

const MEGABYTE = 1e6;

export class Upload {
    #button = document.getElementById("upload");
    #input = document.getElementById("upload-file");
    #target = document.getElementById("drop");
    #state = document.getElementById("upload-state");
    #limits = null;
    #control = null;

    /** `limits` is what the listing says of uploads; null where nothing is taken, and nothing is offered then. */
    offer(limits) {
        if (limits === null || this.#limits !== null) {
            return;
        }
        this.#limits = limits;
        this.#button.hidden = false;
        this.#button.title = `It is kept for ${duration(limits.keep_seconds)}; who has its address can see it`;
        document.getElementById("drop-note").textContent = this.#button.title;
        this.#button.addEventListener("click", () => this.#input.click());
        this.#input.addEventListener("change", () => {
            this.#take(this.#input.files);
            this.#input.value = "";
        });
        this.#state.querySelector("button").addEventListener("click", () => this.#end());
        for (const kind of ["dragenter", "dragover"]) {
            addEventListener(kind, (event) => {
                if (event.dataTransfer?.types.includes("Files")) {
                    event.preventDefault();
                    event.dataTransfer.dropEffect = "copy";
                    this.#target.hidden = false;
                }
            });
        }
        addEventListener("dragleave", (event) => {
            if (event.relatedTarget === null) {
                this.#target.hidden = true;
            }
        });
        addEventListener("drop", (event) => {
            this.#target.hidden = true;
            if (event.dataTransfer?.files.length) {
                event.preventDefault();
                this.#take(event.dataTransfer.files);
            }
        });
        addEventListener("paste", (event) => {
            if (event.clipboardData?.files.length) {
                event.preventDefault();
                this.#take(event.clipboardData.files);
            }
        });
    }

    async #take(files) {
        const [file] = files;
        if (!file) {
            return;
        }
        this.#control?.abort();
        this.#control = null;
        if (files.length > 1) {
            this.#say("One image at a time, please.");
            return;
        }
        const { max_bytes: most } = this.#limits;
        if (file.size > most) {
            this.#say(`${file.name} has ${megabytes(file.size)}, and the server takes ${megabytes(most)} at most.`);
            return;
        }
        const control = new AbortController();
        this.#control = control;
        const sending = (share) => this.#say(share < 1 ? `Sending ${file.name}: ${Math.floor(share * 100)} %` : `The server looks at ${file.name} …`, "Cancel");
        try {
            sending(0);
            const response = await checked(await post(uploadAddress(), file, { signal: control.signal, sending }));
            const { id } = await response.json();
            rememberName(id, file.name);
            this.#end();
            location.hash = imageLink(id);
        } catch (error) {
            if (error.name !== "AbortError") {
                this.#control = null;
                this.#say(reason(error));
            }
        }
    }

    #say(text, choice = "Close") {
        this.#state.hidden = false;
        this.#state.querySelector("p").textContent = text;
        this.#state.querySelector("button").textContent = choice;
    }

    #end() {
        this.#control?.abort();
        this.#control = null;
        this.#state.hidden = true;
    }
}

function reason(error) {
    if (!(error instanceof Failure)) {
        return "The server's answer is not understood.";
    }
    if (error.kind === "busy") {
        return "The server has no room for another image now. Try again later.";
    }
    return error.message;
}

/** Sends a file; `sending` is called with the share of it that has gone. `fetch` does not tell that. */
function post(url, file, { signal, sending }) {
    return new Promise((resolve, reject) => {
        const request = new XMLHttpRequest();
        request.open("POST", url);
        request.upload.addEventListener("progress", (event) => !signal.aborted && sending(event.loaded / Math.max(event.total, 1)));
        request.addEventListener("load", () => {
            const headers = new Headers();
            for (const name of ["Content-Type", "Retry-After"]) {
                const value = request.getResponseHeader(name);
                if (value !== null) {
                    headers.set(name, value);
                }
            }
            resolve(new Response(request.responseText, { status: request.status, headers }));
        });
        request.addEventListener("error", () => reject(new Failure("gone", NO_ANSWER)));
        signal.addEventListener("abort", () => {
            request.abort();
            reject(new DOMException("Given up", "AbortError"));
        });
        request.send(file);
    });
}

function megabytes(bytes) {
    return `${short(bytes / MEGABYTE, 1)} MB`;
}

function duration(seconds) {
    for (const [name, length] of [["day", 86_400], ["hour", 3600], ["minute", 60]]) {
        if (seconds >= length) {
            const count = short(seconds / length, 1);
            return `${count} ${name}${count === "1" ? "" : "s"}`;
        }
    }
    return `${seconds} seconds`;
}
