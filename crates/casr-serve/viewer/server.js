// Addresses of the server, requests to it, and its failures in words.

/** A path below the page's own address. */
export function address(path) {
    return new URL(path, document.baseURI).href;
}

export function listingAddress(after, limit) {
    const query = new URLSearchParams({ limit });
    if (after !== null) {
        query.set("after", after);
    }
    return address(`api/images?${query}`);
}

/** `id` is what the listing gave: already encoded for a path. */
export function imageAddress(id) {
    return address(`iiif/${id}`);
}

export function enlargedAddress(id, factor, look) {
    return address(`iiif/${id}~${factor}~${look}`);
}

export function thumbnailAddress(id) {
    return `${imageAddress(id)}/full/!320,320/0/default.jpg`;
}

export function uploadAddress() {
    return address("images");
}

/** The names of images that were sent from this page: the server knows none. */
const SENT = "casr-sent";

function sent() {
    try {
        return JSON.parse(sessionStorage.getItem(SENT)) ?? {};
    } catch {
        return {};
    }
}

export function rememberName(id, name) {
    try {
        sessionStorage.setItem(SENT, JSON.stringify({ ...sent(), [id]: name }));
    } catch {
        // Without storage it goes by its identifier.
    }
}

export function nameOf(id) {
    const name = sent()[id];
    if (name) {
        return name;
    }
    try {
        return decodeURIComponent(id);
    } catch {
        return id;
    }
}

/**
 * Why a request failed. `kind` is "gone" (no answer), "busy" (again after `wait` milliseconds), "missing", "refused" or "broken";
 * the first two pass by themselves.
 */
export class Failure extends Error {
    constructor(kind, message, { wait = 0, status = 0 } = {}) {
        super(message);
        this.kind = kind;
        this.wait = wait;
        this.status = status;
    }

    get passes() {
        return this.kind === "gone" || this.kind === "busy";
    }
}

export const NO_ANSWER = "The server does not answer. Is casr serve still running?";

/** The response, where it is one of success; else throws a `Failure`, or an `AbortError` where `signal` was given up. */
export async function request(url, signal) {
    let response;
    try {
        response = await fetch(url, { signal });
    } catch (error) {
        throw error.name === "AbortError" ? error : new Failure("gone", NO_ANSWER, { wait: 2000 });
    }
    return checked(response);
}

/** The response, where it is one of success; else throws a `Failure`. */
export async function checked(response) {
    if (response.ok) {
        return response;
    }
    const { status } = response;
    if (status === 503 || status === 429) {
        throw new Failure("busy", "The server is busy.", { wait: retryAfter(response.headers.get("Retry-After")), status });
    }
    if (status === 502 || status === 504) {
        throw new Failure("gone", NO_ANSWER, { wait: 2000, status });
    }
    if (status === 404 || status === 410) {
        throw new Failure("missing", "This image is not in the folder, or was sent and is not kept any more. It may have been moved, renamed or removed.", { status });
    }
    const reason = await said(response);
    if (status < 500) {
        throw new Failure("refused", `The server refused this${reason || ` (${status}).`}`, { status });
    }
    throw new Failure("broken", `The server failed${reason || ` (${status}).`} Its log says more.`, { status });
}

/** What was sent, whole; an answer that breaks off is none. */
export async function content(response) {
    try {
        return await response.blob();
    } catch (error) {
        throw error.name === "AbortError" ? error : new Failure("gone", NO_ANSWER, { wait: 2000 });
    }
}

/** Like `request`, but waits for what passes by itself; `waiting` is called with each such failure. */
export async function patientRequest(url, { signal, waiting = () => {} } = {}) {
    for (;;) {
        try {
            return await request(url, signal);
        } catch (error) {
            if (!(error instanceof Failure) || !error.passes) {
                throw error;
            }
            waiting(error);
            await pause(error.wait, signal);
        }
    }
}

function pause(milliseconds, signal) {
    return new Promise((resolve, reject) => {
        const timer = setTimeout(resolve, milliseconds);
        signal?.addEventListener("abort", () => {
            clearTimeout(timer);
            reject(new DOMException("Given up", "AbortError"));
        });
    });
}

function retryAfter(header) {
    const seconds = /^\d+$/.test(header ?? "") ? Number(header) : (Date.parse(header ?? "") - Date.now()) / 1000;
    return Math.min(Math.max(Number.isFinite(seconds) ? seconds : 1, 0.2), 60) * 1000;
}

/** What a response in plain text says, as the end of a sentence. */
async function said(response) {
    if (!(response.headers.get("Content-Type") ?? "").startsWith("text/plain")) {
        return "";
    }
    const line = (await response.text()).trim().split("\n")[0].slice(0, 200);
    return line && `: ${line}`;
}
