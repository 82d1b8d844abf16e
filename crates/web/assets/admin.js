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

    // What cannot be undone is asked for once more: `data-confirm` is the question. The button that is pressed asks its own, or else that of
    // its form; a box asks when it is ticked, or with `data-confirm-when="off"` when it is not. `{n}` is how many orders are marked.
    document.addEventListener("submit", (event) => {
        const { target: form, submitter } = event;
        const asks = (box) => box.checked === (box.dataset.confirmWhen !== "off");
        const asking = [submitter?.dataset.confirm ? submitter : form, ...[...form.querySelectorAll("input[data-confirm]")].filter(asks)];
        const marked = form.querySelectorAll("[name=order]:checked").length;
        const questions = asking.map((one) => one.dataset.confirm).filter(Boolean).join("\n");
        const question = questions.replace("{n}", marked === 1 ? "1 order" : `${marked} orders`);
        if (question && !window.confirm(question)) { event.preventDefault(); event.stopImmediatePropagation(); }
    }, true);

    // What was typed into a form is thrown away by nothing but a yes: not by leaving the page, not by another form of it, and not by a
    // part of the page that is replaced. Sending the form itself throws nothing away.
    const changed = new Set();
    let givenUp = [];
    const isThere = (form) => form.isConnected;
    const mayGo = (lost) => {
        const forms = [...changed].filter((form) => isThere(form) && lost(form));
        if (forms.length && !window.confirm("What you typed on this page is not saved. Go on?")) { return false; }
        forms.forEach((form) => changed.delete(form));
        givenUp = forms;
        return true;
    };
    document.addEventListener("input", (event) => {
        const form = event.target.closest("form[data-guard]");
        if (form) { changed.add(form); }
    });
    document.addEventListener("submit", (event) => {
        if (mayGo((form) => form !== event.target)) { changed.delete(event.target); keep(event.target); }
        else { event.preventDefault(); event.stopImmediatePropagation(); }
    }, true);
    document.addEventListener("htmx:beforeRequest", (event) => {
        const { target } = event.detail;
        if (!mayGo((form) => target.contains(form))) { event.preventDefault(); }
    });
    window.addEventListener("beforeunload", (event) => { if ([...changed].some(isThere)) { event.preventDefault(); } });

    // Who was signed out meanwhile is led back to the page of the form with `#unsaved`, and finds what was typed. It is kept in this tab
    // until another page is there, for whoever typed it and an hour at most; passwords are not, nor what a page gives its forms to be known by.
    const KEPT = "unsaved";
    const KEPT_MILLISECONDS = 3600 * 1000;
    const account = document.body.dataset.account ?? null;
    const isKept = (field) => field.name && !/^(password|file|submit|button|reset)$/.test(field.type) && !/^(csrf|once)$/.test(field.name);
    const isBox = (field) => field.type === "checkbox" || field.type === "radio";
    function keep(form) {
        try {
            if (!form.matches("[data-guard]")) { window.sessionStorage.removeItem(KEPT); return; }
            const fields = [...form.elements].filter((field) => isKept(field) && (!isBox(field) || field.checked));
            const { pathname } = window.location;
            const texts = fields.map((field) => [field.name, field.value]);
            const draft = { account, at: Date.now(), action: form.getAttribute("action"), pathname, search: searchWithoutNews(), texts };
            window.sessionStorage.setItem(KEPT, JSON.stringify(draft));
        } catch { /* Without room, or where nothing may be kept, nothing is. */ }
    }
    // What a page is asked for, without what it was to say once of something that was done before.
    function searchWithoutNews() {
        const query = new URLSearchParams(window.location.search);
        ["done", "moved", "left"].forEach((name) => query.delete(name));
        return query.toString() && `?${query}`;
    }
    function kept() {
        try {
            const draft = JSON.parse(window.sessionStorage.getItem(KEPT));
            const isOld = draft && !(Date.now() - draft.at < KEPT_MILLISECONDS);
            if (window.location.hash === "#unsaved" && draft && draft.account === account && !isOld) { return draft; }
            window.sessionStorage.removeItem(KEPT);
        } catch { /* What cannot be read is not there. */ }
        return null;
    }
    const lost = kept();
    if (lost && lost.pathname === window.location.pathname && lost.search !== window.location.search) {
        window.location.replace(`${lost.pathname}${lost.search}#unsaved`);
    } else if (lost) {
        const first = new Map([...lost.texts].reverse());
        const isIt = (form) => form.getAttribute("action") === lost.action
            && (!form.elements.to || form.elements.to.value === first.get("to"));
        // Where several forms go to one place, it is the one that has all of the fields.
        const hasAll = (form) => lost.texts.every(([name]) => form.elements.namedItem(name));
        const forms = [...document.querySelectorAll("form[data-guard]")].filter(isIt);
        const form = forms.find(hasAll) ?? forms[0];
        if (form) { offer(form, first, new Set(lost.texts.map((text) => JSON.stringify(text)))); }
    }
    function offer(form, first, all) {
        const note = document.createElement("p");
        note.className = "notice";
        note.textContent = "You were signed out before this was saved. What you typed is still here. ";
        const button = (text, act) => {
            const button = document.createElement("button");
            button.type = "button";
            button.className = "plain";
            button.textContent = text;
            button.addEventListener("click", () => {
                act();
                note.remove();
                window.history.replaceState(null, "", window.location.pathname + window.location.search);
                window.sessionStorage.removeItem(KEPT);
            });
            return button;
        };
        const putBack = () => {
            [...form.elements].filter(isKept).forEach((field) => {
                if (isBox(field)) { field.checked = all.has(JSON.stringify([field.name, field.value])); }
                else if (first.has(field.name)) { field.value = first.get(field.name); }
            });
            [form.closest("details"), ...form.querySelectorAll("details")].forEach((part) => { if (part) { part.open = true; } });
            changed.add(form);
            [...form.elements].find((field) => isKept(field) && field.type !== "hidden")?.focus();
        };
        note.append(button("Put it back", putBack), " ", button("Throw it away", () => {}));
        form.before(note);
        const around = form.closest("details");
        if (around) { around.open = true; }
    }

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
                if (request.responseURL && request.status < 400) { window.location.assign(request.responseURL); }
                else { document.open(); document.write(request.responseText); document.close(); }
            });
            request.addEventListener("error", () => {
                status.textContent = "The pictures did not arrive. Try again.";
                // Nothing went, and what was typed is still there.
                givenUp.forEach((other) => changed.add(other));
            });
            status.textContent = "0 % sent";
            request.send(data);
        };
        form.addEventListener("submit", (event) => {
            if (input.files.length) { event.preventDefault(); send(input.files); }
        });
        ["dragover", "dragleave", "drop"].forEach((name) => form.addEventListener(name, (event) => {
            event.preventDefault();
            form.classList.toggle("over", name === "dragover");
            if (name === "drop" && event.dataTransfer.files.length && mayGo(() => true)) { send(event.dataTransfer.files); }
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
