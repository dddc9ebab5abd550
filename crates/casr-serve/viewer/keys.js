// The keyboard, while an image is shown.

/** Calls the action of a key, `actions[key]`, where it is not meant for a control that has the focus. */
export function listen(actions, active) {
    document.addEventListener("keydown", (event) => {
        if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || !active()) {
            return;
        }
        if (event.key.startsWith("Arrow") && event.target.matches("input, [role=slider]")) {
            return;
        }
        const action = actions[event.key.length === 1 ? event.key.toLowerCase() : event.key];
        if (action) {
            event.preventDefault();
            action();
        }
    });
}
