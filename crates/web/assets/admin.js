// Conveniences. Every page works without this file.
(() => {
    "use strict";
    const one = (css, from = document) => from.querySelector(css);

    // `/` goes to the search; Escape leaves it.
    document.addEventListener("keydown", (event) => {
        const typing = event.target.closest("input, textarea, select, [contenteditable]");
        if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
            const search = one("#everywhere");
            if (search) { event.preventDefault(); search.focus(); search.select(); }
        }
    });

    // What cannot be undone is asked for once more.
    document.addEventListener("submit", (event) => {
        const question = event.target.dataset.confirm;
        if (question && !window.confirm(question)) { event.preventDefault(); event.stopImmediatePropagation(); }
    }, true);

    // Leaving a form that was changed is asked for; sending it is not.
    let changed = false;
    document.addEventListener("input", (event) => { if (event.target.closest("form[data-guard]")) { changed = true; } });
    document.addEventListener("submit", () => { changed = false; });
    window.addEventListener("beforeunload", (event) => { if (changed) { event.preventDefault(); } });

    // One box marks all.
    document.addEventListener("change", (event) => {
        const all = event.target.closest("[data-all]");
        if (all) { document.querySelectorAll(all.dataset.all).forEach((box) => { box.checked = all.checked; }); }
    });

    // Pictures are dropped where they belong, and say how far they are.
    document.querySelectorAll("form[data-drop]").forEach((form) => {
        const input = one("input[type=file]", form);
        const status = one("[role=status]", form);
        const send = (files) => {
            const data = new FormData(form);
            data.delete(input.name);
            [...files].forEach((file) => data.append(input.name, file));
            const request = new XMLHttpRequest();
            request.open("POST", form.action);
            request.upload.addEventListener("progress", (event) => {
                if (event.lengthComputable) { status.textContent = `${Math.round(100 * event.loaded / event.total)} % sent`; }
            });
            request.addEventListener("load", () => {
                if (request.responseURL && request.status < 400) { changed = false; window.location.assign(request.responseURL); }
                else { document.open(); document.write(request.responseText); document.close(); }
            });
            request.addEventListener("error", () => { status.textContent = "The pictures did not arrive. Try again."; });
            status.textContent = "0 % sent";
            request.send(data);
        };
        form.addEventListener("submit", (event) => {
            if (input.files.length) { event.preventDefault(); send(input.files); }
        });
        ["dragover", "dragleave", "drop"].forEach((name) => form.addEventListener(name, (event) => {
            event.preventDefault();
            form.classList.toggle("over", name === "dragover");
            if (name === "drop" && event.dataTransfer.files.length) { send(event.dataTransfer.files); }
        }));
    });

    // New orders are announced without a reload.
    const news = one("[data-news]");
    if (news && window.EventSource) {
        const source = new EventSource(news.dataset.news);
        source.addEventListener("orders", (event) => {
            const count = Number(event.data) - Number(news.dataset.seen);
            if (count > 0) {
                one("a", news).textContent = count === 1 ? "1 new order. Show it" : `${count} new orders. Show them`;
                news.hidden = false;
            }
        });
        window.addEventListener("pagehide", () => source.close());
    }
})();
