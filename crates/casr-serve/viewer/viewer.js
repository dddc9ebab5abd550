// The page: the gallery or an image, as the part of the address behind `#` says, and the controls around the image.

import { plan, save } from "./download.js";
import { Gallery } from "./gallery.js";
import { listen } from "./keys.js";
import { readLink, short, writeLink } from "./link.js";
import { Overview } from "./overview.js";
import { Picture } from "./picture.js";
import { Failure, listingAddress, nameOf, patientRequest, thumbnailAddress } from "./server.js";
import { Split } from "./split.js";
import { Upload } from "./upload.js";

const PAN_STEP = 0.15;
const LINK_DELAY = 200;
const MEANINGS = {
    faithful: "The least error: smooth where the image does not tell",
    balanced: "Between faithful and vivid",
    vivid: "Sharp: textures that are likely, not true, where the image does not tell",
};

const element = (id) => document.getElementById(id);
const stage = element("stage");
const upload = new Upload();
const gallery = new Gallery(({ uploads }) => upload.offer(uploads));
const picture = new Picture(element("canvas"));
const split = new Split((position) => {
    picture.split = position;
    element("compare").setAttribute("aria-pressed", position !== null);
    keepLink();
});
const overview = new Overview((x, y) => picture.info && picture.panTo({ x: x * picture.info.width, y: y * picture.info.height }));

let settings = null;
let loading = null;
let opened = null;
let lastSplit = 0.5;
let linkTimer = null;
let mostPending = 0;
let saving = null;

async function route() {
    const link = readLink(location.hash);
    const fromGallery = !element("gallery").hidden;
    element("gallery").hidden = link !== null;
    element("picture").hidden = link === null;
    if (link === null) {
        const { id } = opened ?? {};
        close();
        document.title = "CASR";
        await gallery.load();
        if (id && !element("gallery").hidden) {
            gallery.focus(id);
        }
    } else if (opened?.id === link.id && picture.info) {
        choose(link.look);
        split.set(toShare(link.split));
        picture.show(link);
    } else {
        if (fromGallery) {
            picture.focus();
        }
        await open(link);
    }
}

async function open(link) {
    close();
    const name = nameOf(link.id);
    const attempt = { id: link.id };
    opened = attempt;
    document.title = `${name} – CASR`;
    element("picture-name").textContent = name;
    element("picture-name").title = name;
    overview.open(link.id);
    element("glance").src = thumbnailAddress(link.id);
    try {
        await ready();
        if (opened !== attempt) {
            return;
        }
        choose(link.look);
        split.set(toShare(link.split));
        picture.addEventListener("view", describe, { once: true });
        await picture.open(link.id, { view: link, look: look(), split: split.position, maxFactor: settings.max_factor, label: `The image ${name}` });
    } catch (error) {
        if (opened === attempt && error.name !== "AbortError") {
            trouble(error instanceof Failure ? error : new Failure("broken", "The image cannot be shown: the server's answer is not understood."));
        }
    }
}

function close() {
    opened = null;
    clearTimeout(linkTimer);
    saving?.abort();
    picture.close();
    hideNotice();
    element("glance").hidden = true;
    element("picture-size").textContent = "";
    element("factor").textContent = "";
    element("download-size").textContent = "";
    element("download").removeAttribute("href");
    allowControls(false);
}

function allowControls(allowed) {
    element("zoom").inert = !allowed;
    element("tools").inert = !allowed;
}

/** Learns once what the server offers. */
async function ready() {
    loading ??= loadSettings();
    try {
        settings = await loading;
    } catch (error) {
        loading = null;
        throw error;
    }
}

async function loadSettings() {
    const waiting = (failure) => failure.kind === "gone" && trouble(failure);
    const answer = await (await patientRequest(listingAddress(null, 1), { waiting })).json();
    upload.offer(answer.uploads);
    element("looks").append(...answer.looks.map(lookButton));
    return answer;
}

function lookButton(name) {
    const input = document.createElement("input");
    input.type = "radio";
    input.name = "look";
    input.value = name;
    input.id = `look-${name}`;
    input.className = "unseen";
    input.addEventListener("change", () => {
        choose(name);
        // Whoever chose with the mouse goes on moving the image with the arrow keys.
        if (!input.matches(":focus-visible")) {
            input.blur();
        }
    });
    const label = document.createElement("label");
    label.htmlFor = input.id;
    label.title = MEANINGS[name] ?? "";
    label.textContent = name[0].toUpperCase() + name.slice(1);
    const option = document.createElement("span");
    option.append(input, label);
    return option;
}

function look() {
    return document.querySelector("input[name=look]:checked")?.value;
}

/** Takes up a look, or the default one where the server knows none of that name. */
function choose(name) {
    const known = settings.looks.includes(name) ? name : settings.default_look;
    element(`look-${known}`).checked = true;
    split.name(known);
    if (picture.info && picture.look !== known) {
        picture.look = known;
        showDownload();
        keepLink();
    }
}

function toShare(percent) {
    return percent === null ? null : percent / 100;
}

function describe() {
    const { width, height } = picture.info;
    element("picture-size").textContent = `${width} × ${height}`;
    allowControls(true);
    element("glance").hidden = false;
    keepLink();
}

function showView() {
    if (!picture.info) {
        return;
    }
    element("factor").textContent = factorText(picture.factor());
    overview.update(picture.visible(false), picture.info);
    showDownload();
    const { style } = element("glance");
    for (const [side, length] of Object.entries(picture.placement())) {
        style[side] = `${length}px`;
    }
}

/** While tiles are missing, the thumbnail shows through where there is none yet. */
function showState(busy) {
    stage.setAttribute("aria-busy", busy);
    if (!busy) {
        element("glance").hidden = true;
    }
}

function factorText(factor) {
    return `×${factor < 0.995 ? factor.toPrecision(2) : short(factor, 1)}`;
}

function showDownload() {
    const button = element("download");
    const { address, width, height, file, obstacle } = plan(picture.info, picture.visible(), picture.factor(true), look());
    element("download-size").textContent = saving ? "Computing …" : `${width} × ${height}`;
    button.download = file;
    button.classList.toggle("disabled", obstacle !== null);
    if (obstacle) {
        button.removeAttribute("href");
        button.setAttribute("role", "link");
        button.setAttribute("aria-disabled", "true");
        button.tabIndex = 0;
        button.title = obstacle;
    } else {
        button.href = address;
        button.removeAttribute("role");
        button.removeAttribute("aria-disabled");
        button.removeAttribute("tabindex");
        button.title = "Download what is visible";
    }
    button.setAttribute("aria-label", `Download what is visible, ${width} × ${height} pixels${obstacle ? `. ${obstacle}` : ""}`);
}

async function download(event) {
    event.preventDefault();
    if (!picture.info || saving) {
        return;
    }
    const planned = plan(picture.info, picture.visible(), picture.factor(true), look());
    if (planned.obstacle) {
        notice(planned.obstacle);
        return;
    }
    const control = new AbortController();
    saving = control;
    showDownload();
    try {
        await save(planned, { signal: control.signal, waiting: trouble });
        trouble(null);
    } catch (error) {
        if (error.name !== "AbortError") {
            notice(error.message);
        }
    }
    saving = null;
    if (picture.info) {
        showDownload();
    }
}

function keepLink() {
    clearTimeout(linkTimer);
    linkTimer = setTimeout(() => {
        if (picture.info && picture.info.id === opened?.id) {
            const at = split.position === null ? null : split.position * 100;
            history.replaceState(null, "", writeLink({ id: opened.id, at: picture.centre, zoom: picture.factor(true), look: look(), split: at }));
        }
    }, LINK_DELAY);
}

function showPending(pending) {
    mostPending = pending === 0 ? 0 : Math.max(mostPending, pending);
    const done = mostPending === 0 ? 1 : 1 - pending / mostPending;
    element("progress-line").style.setProperty("--done", done);
    element("progress-line").classList.toggle("working", pending > 0);
    element("progress-text").hidden = pending === 0;
    element("progress-text").textContent = `Computing ${pending} ${pending === 1 ? "tile" : "tiles"}`;
}

/** A failure in words; a busy server is none, and null is the end of one that passed. */
function trouble(failure) {
    if (failure === null) {
        if (element("notice").dataset.kind === "gone") {
            hideNotice();
        }
    } else if (failure.kind === "gone") {
        notice(`${failure.message} Trying again …`, "gone");
    } else if (failure.kind === "missing") {
        notice(failure.message, "missing", "Back to the gallery", () => element("back").click());
    } else if (failure.kind !== "busy") {
        notice(failure.message, failure.kind, "Try again", () => open(readLink(location.hash)));
    }
}

function notice(text, kind = "", choice = "Close", act = hideNotice) {
    const box = element("notice");
    const button = box.querySelector("button");
    box.dataset.kind = kind;
    box.querySelector("p").textContent = text;
    button.hidden = kind === "gone";
    button.textContent = choice;
    button.onclick = act;
    box.hidden = false;
}

function hideNotice() {
    element("notice").hidden = true;
    element("notice").dataset.kind = "";
}

function compare() {
    if (split.position === null) {
        split.set(lastSplit);
        split.focus();
    } else {
        lastSplit = split.position;
        split.set(null);
    }
}

function nextLook() {
    const { looks } = settings;
    choose(looks[(looks.indexOf(look()) + 1) % looks.length]);
}

function fullScreen() {
    if (document.fullscreenElement) {
        document.exitFullscreen();
    } else if (document.fullscreenEnabled) {
        document.documentElement.requestFullscreen();
    }
}

const whole = () => picture.show({ at: null, zoom: null });
const help = () => element("help").showModal();

picture.addEventListener("view", showView);
picture.addEventListener("rest", keepLink);
picture.addEventListener("pending", ({ detail }) => showPending(detail));
picture.addEventListener("state", ({ detail }) => showState(detail));
picture.addEventListener("trouble", ({ detail }) => trouble(detail));

element("zoom-in").addEventListener("click", () => picture.info && picture.step(true));
element("zoom-out").addEventListener("click", () => picture.info && picture.step(false));
element("home").addEventListener("click", () => picture.info && whole());
element("compare").addEventListener("click", compare);
element("download").addEventListener("click", download);
element("fullscreen").addEventListener("click", fullScreen);
element("fullscreen").hidden = !document.fullscreenEnabled;
element("help-open").addEventListener("click", help);

listen({
    ArrowLeft: () => picture.pan(-PAN_STEP, 0),
    ArrowRight: () => picture.pan(PAN_STEP, 0),
    ArrowUp: () => picture.pan(0, -PAN_STEP),
    ArrowDown: () => picture.pan(0, PAN_STEP),
    "+": () => picture.step(true),
    "=": () => picture.step(true),
    "-": () => picture.step(false),
    0: whole,
    s: compare,
    l: nextLook,
    f: fullScreen,
}, () => picture.info !== null && !element("help").open);
listen({
    Escape: () => document.fullscreenElement || element("back").click(),
    "?": help,
}, () => opened !== null && !element("help").open);

addEventListener("hashchange", route);
route();
