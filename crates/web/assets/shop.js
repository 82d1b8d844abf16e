// A reference storefront in one file. It uses the public API alone: what it can do, yours can do.
//
// Products: GET /v1/products, GET /v1/search, GET /v1/products/{slug}
// Signing in and out: POST /v1/auth/signup, /verify-email, /verify-email/resend, /login, /password/forgot, /refresh, /logout
// Who one is: GET /v1/account
// Orders: POST /v1/orders with an Idempotency-Key, GET /v1/orders
"use strict";

const main = document.querySelector("#main");
const keep = {
    get: (name) => JSON.parse(localStorage.getItem(`shop-${name}`) || "null"),
    set: (name, value) => localStorage.setItem(`shop-${name}`, JSON.stringify(value)),
};
/** The address of an order that was not taken because nobody was signed in any more. In this tab alone, until whoever typed it has ordered. */
const typedAddress = {
    get() {
        const { email, fields } = JSON.parse(sessionStorage.getItem("shop-address") || "{}");
        return email && email === keep.get("email") ? fields : {};
    },
    set: (fields) => sessionStorage.setItem("shop-address", JSON.stringify({ email: keep.get("email"), fields })),
    forget: () => sessionStorage.removeItem("shop-address"),
};
let shop = { name: "Shop" };

// ── Small helpers ──

/** An element with these attributes and children; texts are texts, so nobody's name becomes markup. */
function el(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
        if (name.startsWith("on")) { element.addEventListener(name.slice(2), value); }
        else if (value !== null && value !== undefined && value !== false) { element.setAttribute(name, value === true ? "" : value); }
    }
    element.append(...children.flat().filter((child) => child !== null && child !== undefined));
    return element;
}

function money({ amount, currency }) {
    const format = new Intl.NumberFormat(undefined, { style: "currency", currency });
    return format.format(amount / 10 ** format.resolvedOptions().maximumFractionDigits);
}

function day(instant) { return new Date(instant).toLocaleDateString(undefined, { dateStyle: "medium" }); }

/** Asks the API. A refusal is thrown as the problem (RFC 9457) that it is. */
async function api(method, path, body, headers = {}) {
    // Who signs in has nothing to show yet. Signing out takes the token of the session that ends.
    const signed = !path.startsWith("/v1/auth/") || path === "/v1/auth/logout" ? keep.get("tokens") : null;
    const request = { method, headers: { ...headers } };
    if (signed) { request.headers.Authorization = `Bearer ${signed.access_token}`; }
    if (body !== undefined) { request.headers["Content-Type"] = "application/json"; request.body = JSON.stringify(body); }
    let response = await fetch(path, request);
    if (response.status === 401 && signed && await refresh(signed)) {
        request.headers.Authorization = `Bearer ${keep.get("tokens").access_token}`;
        response = await fetch(path, request);
    }
    const reply = response.status === 204 ? null : await response.json();
    if (!response.ok) { throw reply; }
    return reply;
}

async function refresh({ refresh_token }) {
    const response = await fetch("/v1/auth/refresh", {
        method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ refresh_token }),
    });
    const reply = await response.json();
    // Any other refusal, of a shop that is busy or just starts, says nothing about the session.
    if (!response.ok && response.status !== 401) { throw reply; }
    keep.set("tokens", response.ok ? reply : null);
    return response.ok;
}

// ISO 3166-1 alpha-2, and XK for Kosovo: what the API takes as a country.
const EVERYWHERE = `
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH
    CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN
    GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI
    LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM
    PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD
    TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW
`.trim().split(/\s+/);

/** The countries that the shop sends to, as `[code, name]`: everywhere, where it does not say. */
function countries() {
    const language = document.documentElement.lang;
    const names = new Intl.DisplayNames([language], { type: "region" });
    const codes = (shop.countries || []).length ? shop.countries : EVERYWHERE;
    return codes.map((code) => [code, names.of(code)]).sort(([, one], [, other]) => one.localeCompare(other, language));
}

function problemText(problem) {
    if (!problem || !problem.title) { return "The shop cannot be reached. Try again in a moment."; }
    const short = (problem.short_lines || []).map(({ title, variant_title, requested, available }) => {
        const what = [title, variant_title].filter(Boolean).join(", ");
        return available > 0 ? `Of ${what} you want ${requested}, and there are ${available} left.` : `${what} is sold out.`;
    });
    if (short.length) { return `${short.join(" ")} Nothing was ordered.`; }
    const errors = (problem.errors || []).map((error) => {
        const field = (error.pointer || error.parameter || "").split("/").filter(Boolean).slice(-1)[0] || "";
        return `${field.replaceAll("_", " ")} ${error.message}`.trim();
    });
    return errors.length ? errors.join(". ") : problem.detail || problem.title;
}

function show(title, ...content) {
    document.title = `${title} · ${shop.name}`;
    main.replaceChildren(...content.filter((part) => part !== null));
    main.focus({ preventScroll: true });
    window.scrollTo(0, 0);
}

function go(path) { history.pushState(null, "", path); route(); }

// ── Basket: variant, quantity, and what to call it; prices are the shop's to say ──

const basket = {
    lines: () => keep.get("basket") || [],
    // Whether something is gone is asked anew each time.
    put(lines) { keep.set("basket", lines.filter((line) => line.quantity > 0).map(({ gone, ...line }) => line)); basket.count(); },
    add(line) {
        const lines = basket.lines();
        const known = lines.find(({ variant_id }) => variant_id === line.variant_id);
        if (known) { known.quantity += line.quantity; } else { lines.push(line); }
        basket.put(lines);
    },
    count() {
        const pieces = basket.lines().reduce((sum, { quantity }) => sum + quantity, 0);
        document.querySelector("#pieces").textContent = pieces ? `(${pieces})` : "";
    },
};

// ── Pages ──

/** That no orders are taken, where that is so. A shop that could not be asked is not called closed. */
function closedNotice() {
    return shop.takes_orders === false
        ? el("p", { class: "notice words" }, shop.closed_text || "The shop takes no orders at the moment.") : null;
}

function prices(variant) {
    const now = el("span", { class: "price-now" }, money(variant.price));
    const before = variant.compare_at_price ? el("s", { class: "price-before" }, money(variant.compare_at_price)) : null;
    const lowest = variant.lowest_price_30_days
        ? el("span", { class: "hint" }, ` Lowest price of the last 30 days: ${money(variant.lowest_price_30_days)}`) : null;
    return [now, before, lowest];
}

/** What a product costs in a list: where its variants differ in price, from what on. */
function pricesFrom({ variants }) {
    const lowest = variants.reduce((low, variant) => variant.price.amount < low.price.amount ? variant : low);
    const differ = variants.some(({ price }) => price.amount !== lowest.price.amount);
    return [differ ? el("span", { class: "quiet" }, "from ") : null, ...prices(lowest)];
}

function image(product, size) {
    const first = product.images[0];
    if (!first || !first.url.startsWith("/")) { return el("div", { class: "no-image" }); }
    const url = (first.thumbnails && first.thumbnails[size]) || first.url;
    return el("img", { src: url, alt: first.alt || "", loading: "lazy" });
}

async function list() {
    const wanted = new URLSearchParams(location.search).get("q") || "";
    document.querySelector("#q").value = wanted;
    const cursor = new URLSearchParams(location.search).get("cursor");
    const query = new URLSearchParams({ limit: 24, ...(wanted && { q: wanted }), ...(cursor && { cursor }) });
    const found = await api("GET", `/v1/${wanted ? "search" : "products"}?${query}`);
    const items = found.items;
    const next = found.next_cursor && new URLSearchParams({ ...(wanted && { q: wanted }), cursor: found.next_cursor });
    const heading = el("h1", {}, wanted ? `Found for “${found.corrected || wanted}”` : shop.name);
    if (!items.length) {
        const text = wanted ? "Try another word." : "The first products appear here when they are for sale.";
        return show("Products", heading, closedNotice(), el("div", { class: "card empty" }, el("strong", {}, "Nothing here yet"), text));
    }
    const cards = items.map((product) => el("li", {}, el("a", { href: `/shop/${product.slug}` },
        image(product, "medium"), el("strong", {}, product.title), pricesFrom(product))));
    show("Products", heading, closedNotice(), el("ul", { class: "goods" }, cards),
        next ? el("p", { class: "more" }, el("a", { href: `/?${next}` }, "More products")) : "");
}

async function productPage(slug) {
    const product = await api("GET", `/v1/products/${encodeURIComponent(slug)}`);
    const price = el("p");
    const stock = el("p", { class: "hint" });
    const button = el("button", {}, "Put into the basket");
    const said = el("p", { role: "status" });
    const select = el("select", { id: "variant" }, product.variants.map((variant, at) =>
        el("option", { value: at }, variant.option_values.join(" / ") || product.title)));
    const chosen = () => product.variants[Number(select.value)];
    const choose = () => {
        price.replaceChildren(...prices(chosen()).filter(Boolean));
        stock.textContent = chosen().available ? "" : "Sold out at the moment.";
        button.disabled = !chosen().available;
    };
    select.addEventListener("change", choose);
    const quantity = el("input", { id: "quantity", type: "number", min: 1, max: 99, value: 1 });
    const form = el("form", {
        onsubmit: (event) => {
            event.preventDefault();
            const variant = chosen();
            const title = [product.title, variant.option_values.join(" / ")].filter(Boolean).join(", ");
            basket.add({ variant_id: variant.id, quantity: Number(quantity.value) || 1, title, price: variant.price });
            said.replaceChildren("It is in the basket. ", el("a", { href: "/basket" }, "Look at the basket"));
        },
    },
    product.variants.length > 1 ? el("label", { for: "variant" }, product.options.map(({ name }) => name).join(" / ")) : null,
    product.variants.length > 1 ? select : null,
    el("label", { for: "quantity" }, "Pieces"), quantity, button, said);
    // The description is HTML that the shop has sanitised; scripts in it would not run under this page's policy either.
    const description = el("div");
    description.innerHTML = product.description;
    choose();
    show(product.title, el("div", { class: "show" }, image(product, "large"),
        el("div", {}, el("h1", {}, product.title), price, stock, form, description)));
}

/** A number of pieces, for where no head of a column says what it is. */
function times(quantity) { return [el("span", { class: "narrow-label" }, "× "), String(quantity)]; }

/** What is bought, with its sum. `rows` are `[what, pieces, price]`. */
function bought(rows, word, total) {
    const heads = ["Product", "Pieces", "Price"].map((text, at) => el("th", { scope: "col", class: at ? "figure" : null }, text));
    return el("table", { class: "list basket" },
        el("thead", {}, el("tr", {}, heads)),
        el("tbody", {}, rows.map(([what, pieces, price]) => el("tr", {}, el("td", { class: "wide" }, what),
            el("td", { class: "figure" }, pieces), el("td", { class: "figure" }, money(price))))),
        el("tfoot", {}, el("tr", {}, el("th", { scope: "row" }, word), el("td"), el("td", { class: "figure" }, el("strong", {}, money(total))))));
}

/** What the lines of the basket come to, at the prices that were shown. */
function basketTotal(lines) {
    return { ...lines[0].price, amount: lines.reduce((sum, { price, quantity }) => sum + price.amount * quantity, 0) };
}

/** The same of the basket, whose lines come as `pieces` makes them. */
function basketTable(lines, word, pieces) {
    const what = ({ title, gone }) => [title, gone ? el("span", { class: "hint bad-text" }, " No longer in stock.") : null];
    const rows = lines.map((line) => [what(line), pieces(line), basketTotal([line])]);
    return bought(rows, word, basketTotal(lines));
}

/** The lines at the prices of now, which the basket keeps too, and whether they are `gone`. What cannot be read stays as it is. */
async function atPricesOfNow(lines) {
    const asked = new Set(), now = new Map();
    for (let at = 0; at < lines.length; at += 100) {
        const some = lines.slice(at, at + 100).map(({ variant_id }) => ["variant_id", variant_id]);
        const found = await api("GET", `/v1/products?${new URLSearchParams([...some, ["limit", "100"]])}`).catch(() => null);
        if (!found) { continue; }
        some.forEach(([, id]) => asked.add(id));
        found.items.flatMap(({ variants }) => variants).forEach((variant) => now.set(variant.id, variant));
    }
    const renew = (line) => ({ ...line, price: (now.get(line.variant_id) || line).price });
    // What is not for sale any more is not among what was found.
    const isGone = ({ variant_id }) => asked.has(variant_id) && !(now.get(variant_id) || {}).available;
    basket.put(basket.lines().map(renew));
    return lines.map((line) => ({ ...renew(line), gone: isGone(line) }));
}

async function basketPage() {
    const lines = basket.lines();
    showBasket(lines);
    if (!lines.length) { return; }
    const now = await atPricesOfNow(lines);
    const isOther = ({ price, gone }, at) => gone || price.amount !== lines[at].price.amount;
    // Whoever went elsewhere meanwhile is left there, and what they changed meanwhile is kept.
    if (location.pathname === "/basket" && now.some(isOther)) {
        const gone = new Set(now.filter((line) => line.gone).map((line) => line.variant_id));
        showBasket(basket.lines().map((line) => ({ ...line, gone: gone.has(line.variant_id) })));
    }
}

function showBasket(lines) {
    if (!lines.length) {
        return show("Basket", el("h1", {}, "Basket"), el("div", { class: "card empty" },
            el("strong", {}, "The basket is empty"), el("a", { href: "/" }, "Look at the products")));
    }
    // The page stays, and with it the focus: only what it comes to is another sum.
    const change = (line, field) => {
        const wanted = Math.round(Number(field.value));
        // Whole pieces, and at least one of them: what is to go has a button.
        if (wanted >= 1) { line.quantity = Math.min(wanted, 999); }
        field.value = line.quantity;
        basket.put(lines);
        field.closest("tr").lastElementChild.textContent = money(basketTotal([line]));
        field.closest("table").querySelector("tfoot strong").textContent = money(basketTotal(lines));
    };
    const pieces = (line) => el("span", { class: "piece-row" },
        el("input", {
            type: "number", min: 1, max: 999, value: line.quantity, "aria-label": `Pieces of ${line.title}`,
            onchange: (event) => change(line, event.target),
        }),
        el("button", {
            class: "plain", type: "button", "aria-label": `Remove ${line.title}`,
            onclick: () => {
                const left = lines.filter((kept) => kept !== line);
                basket.put(left);
                showBasket(left);
            },
        }, "Remove"));
    const closed = closedNotice();
    show("Basket", el("h1", {}, "Basket"), closed, basketTable(lines, "Together", pieces),
        closed ? null : el("p", { class: "act-row" }, el("a", { class: "button", href: "/checkout" }, "To the checkout")));
}

/** A form out of fields: `[name, label, attributes]`; one with `options`, as `[value, text]`, is a select. What is wrong is said above the button. */
function form(fields, button, send) {
    const error = el("p", { class: "notice bad", role: "alert", hidden: true });
    const field = (name, { options, value, ...attributes }) => options
        ? el("select", { id: name, name, required: true, ...attributes },
            options.map(([code, text]) => el("option", { value: code, selected: code === value }, text)))
        : el("input", { id: name, name, required: true, value, ...attributes });
    const inputs = fields.flatMap(([name, label, attributes = {}]) =>
        [el("label", { for: attributes.id || name }, label), field(name, attributes)]);
    const submit = el("button", {}, button);
    return el("form", {
        class: "card checkout",
        onsubmit: async (event) => {
            event.preventDefault();
            submit.disabled = true;
            error.hidden = true;
            try { await send(Object.fromEntries(new FormData(event.target))); }
            catch (problem) { error.textContent = problemText(problem); error.hidden = false; }
            finally { submit.disabled = false; }
        },
    }, inputs, error, el("p", { class: "act" }, submit));
}

/** Asks who it is, and goes `back`. `said` is why, where that is not plain. */
function signInPage(back, said = null) {
    const signedIn = (tokens) => { keep.set("tokens", tokens); keep.set("email", tokens.account.email); go(back); };
    const known = form([
        ["email", "E-mail address", { type: "email", autocomplete: "username" }],
        ["password", "Password", { type: "password", autocomplete: "current-password" }],
    ], "Sign in", async (fields) => {
        try { signedIn(await api("POST", "/v1/auth/login", fields)); } catch (problem) {
            if (!problem || problem.code !== "email_not_verified") { throw problem; }
            codePage(fields, signedIn, `Your address is not proven yet. Enter the six digits that we have sent to ${fields.email}. `);
        }
    });
    const sent = el("p", { role: "status" });
    const forgotten = form([
        ["email", "E-mail address", { type: "email", autocomplete: "username", id: "forgotten-email" }],
    ], "Mail me a link", async (fields) => {
        sent.textContent = "";
        await api("POST", "/v1/auth/password/forgot", fields);
        sent.textContent = "If there is an account with this address, a link is on its way to it. It is good for ten minutes. If none comes, ask again in a quarter of an hour.";
    });
    const fresh = form([
        ["name", "Your name", { autocomplete: "name", id: "new-name" }],
        ["email", "E-mail address", { type: "email", autocomplete: "email", id: "new-email" }],
        ["password", "Password", { type: "password", autocomplete: "new-password", minlength: 8, id: "new-password" }],
    ], "Sign up", async (fields) => {
        const reply = await api("POST", "/v1/auth/signup", fields);
        if (reply.access_token) { return signedIn(reply); }
        codePage(fields, signedIn, `We have sent six digits to ${fields.email}. `);
    });
    const notice = said ? el("p", { class: "notice", role: "status" }, said) : null;
    show("Sign in", el("h1", {}, "Who is ordering?"), notice, el("div", { class: "halves" },
        el("section", {}, el("h2", {}, "I am new here"), fresh), el("section", {}, el("h2", {}, "I have been here before"), known,
            el("details", {}, el("summary", {}, "Forgotten password?"), forgotten, sent))));
}

function codePage(who, signedIn, lead) {
    const hint = el("p", { class: "lead" }, lead);
    if (shop.demo) { hint.append("In this demonstration the mail is in the ", el("a", { href: "/mailbox", target: "_blank" }, "mailbox"), "."); }
    show("Code", el("h1", {}, "One code, and you are in"), hint, codeForm(who, signedIn));
}

/** A place for the code from the mail, and a button for another one. The password that goes with it is asked for where it is not known. */
function codeForm({ email, password }, signedIn) {
    const again = password ? [] : [["password", "Password", { type: "password", autocomplete: "current-password" }]];
    const said = el("p", { class: "hint", role: "status" });
    const another = el("button", {
        class: "plain", type: "button",
        onclick: async () => {
            another.disabled = true;
            try { said.textContent = (await api("POST", "/v1/auth/verify-email/resend", { email })).message; }
            catch (problem) { said.textContent = problemText(problem); }
            finally { another.disabled = false; }
        },
    }, "Send another code");
    return el("div", {},
        form([["code", "Code", { inputmode: "numeric", autocomplete: "one-time-code" }], ...again], "Go on",
            async (fields) => signedIn(await api("POST", "/v1/auth/verify-email", { email, password, ...fields }))),
        el("p", { class: "act-row block" }, another), said);
}

function checkoutPage() {
    const lines = basket.lines();
    if (!lines.length || closedNotice()) { return basketPage(); }
    if (!keep.get("tokens")) { return signInPage("/checkout"); }
    const places = countries();
    const typed = typedAddress.get();
    // Nothing is chosen for somebody unless there is a reason to: where the shop is, or that there is one country alone.
    const here = typed.country || (places.length === 1 ? places[0][0] : shop.country);
    const isThere = places.some(([code]) => code === here);
    const tableOf = (shown) => basketTable(shown, "Together", ({ quantity }) => times(quantity));
    let table = tableOf(lines);
    // What is shown is what is paid: the shop orders nothing if it comes to anything else by now.
    let expected = basketTotal(lines);
    const address = form([
        ["name", "Name", { autocomplete: "name", value: typed.name }],
        ["line1", "Street and number", { autocomplete: "address-line1", value: typed.line1 }],
        // Not all countries have them; where one is missing, the shop says so.
        ["postal_code", "Postal code", { autocomplete: "postal-code", required: false, value: typed.postal_code }],
        ["city", "Town", { autocomplete: "address-level2", value: typed.city }],
        ["country", "Country", { autocomplete: "country", value: here, options: isThere ? places : [["", "Choose"], ...places] }],
    ], "Order now", async (fields) => {
        const wanted = lines.map(({ variant_id, quantity }) => ({ variant_id, quantity }));
        // One key for one order: sending it again, after a lost reply too, orders once. A refused one keeps nothing for its key.
        const key = keep.get("key") || crypto.randomUUID();
        keep.set("key", key);
        let order;
        try {
            const wish = { lines: wanted, expected_total: expected, ship_to: fields };
            order = await api("POST", "/v1/orders", wish, { "Idempotency-Key": key });
        } catch (problem) {
            if (problem && problem.status === 401) {
                typedAddress.set(fields);
                return signInPage("/checkout", "You were signed out meanwhile, and nothing was ordered. Sign in and go on: the address is kept.");
            }
            if (problem && problem.code === "price_changed") {
                const renewed = tableOf(await atPricesOfNow(lines));
                expected = problem.total;
                renewed.querySelector("tfoot strong").textContent = money(expected);
                table.replaceWith(renewed);
                table = renewed;
                throw { title: `A price has changed: it is ${money(expected)} together now. Nothing was ordered; press the button again to order for that.` };
            }
            if (!problem || problem.code !== "idempotency_key_reused") { throw problem; }
            // It was placed, its reply was lost, and something was changed since: another one only when that is wanted.
            keep.set("key", null);
            throw { title: "You have ordered this already, with other entries. Look at your orders before you order once more." };
        }
        keep.set("key", null);
        typedAddress.forget();
        basket.put([]);
        go(`/my-orders/${order.id}`);
    });
    show("Checkout", el("h1", {}, "Where shall it go?"), table, address);
}

const statuses = {
    pending: "Placed", confirmed: "Confirmed", shipped: "On its way", delivered: "Delivered", cancelled: "Cancelled",
};

/** What to say about an order that stands there. */
const tidings = {
    pending: "Thank you. A mail says the same.", confirmed: "We are getting it ready.", shipped: "The parcel has left us.",
    delivered: "The parcel has arrived.", cancelled: "It was cancelled and will not be sent.",
};

async function ordersPage() {
    if (!keep.get("tokens")) { return signInPage("/my-orders"); }
    const cursor = new URLSearchParams(location.search).get("cursor");
    const { items, next_cursor } = await api("GET", `/v1/orders${cursor ? `?${new URLSearchParams({ cursor })}` : ""}`);
    const older = next_cursor && el("p", { class: "more" },
        el("a", { href: `/my-orders?${new URLSearchParams({ cursor: next_cursor })}` }, "Older orders"));
    const { email, email_verified } = await api("GET", "/v1/account");
    const proof = email_verified ? null : el("section", { class: "block" }, el("h2", {}, "Is this your address?"),
        el("p", {}, `We have mailed six digits to ${email}. Enter them to prove that it is yours.`),
        codeForm({ email }, (tokens) => { keep.set("tokens", tokens); go("/my-orders"); }));
    const rows = items.map((order) => el("li", {},
        el("a", { href: `/my-orders/${order.id}` }, order.number), " ",
        el("time", { class: "quiet", datetime: order.placed_at }, day(order.placed_at)), " ", el("span", { class: "badge" }, statuses[order.status]), " ", money(order.total)));
    show("Orders", el("h1", {}, "Your orders"), rows.length ? el("ul", { class: "hits card" }, rows)
        : el("div", { class: "card empty" }, el("strong", {}, "No orders yet"), el("a", { href: "/" }, "Look at the products")),
    older, el("p", {}, el("button", { class: "plain", onclick: signOut }, "Sign out")), proof);
}

async function signOut() {
    // What is refused as not signed in is over already. With anything else the session may still be good, and is not forgotten.
    try { await api("POST", "/v1/auth/logout"); } catch (problem) {
        if (!problem || problem.status !== 401) { return show("Orders", el("h1", {}, "You are still signed in"), el("p", {}, problemText(problem)),
            el("p", {}, el("button", { class: "plain", onclick: signOut }, "Sign out"))); }
    }
    keep.set("tokens", null);
    typedAddress.forget();
    go("/");
}

/** How a parcel is followed. A page that is not on the web is no link. */
function tracked({ number, carrier, url }) {
    const page = /^https?:\/\//i.test(url || "") ? el("a", { href: url, rel: "noreferrer" }, number) : number;
    return el("p", {}, "Tracking number: ", page, carrier ? `, ${carrier}` : "");
}

async function orderPage(id) {
    if (!keep.get("tokens")) { return signInPage(`/my-orders/${id}`); }
    const order = await api("GET", `/v1/orders/${encodeURIComponent(id)}`);
    const lines = order.lines.map((line) =>
        [[line.title, line.variant_title].filter(Boolean).join(", "), times(line.quantity), line.total]);
    const mails = shop.demo ? [" Its mails are in the ", el("a", { href: "/mailbox" }, "mailbox"), " of this demonstration."] : [];
    show(order.number, el("h1", {}, `Order ${order.number} `, el("span", { class: "badge" }, statuses[order.status])),
        el("p", { class: "lead" }, tidings[order.status], ...mails),
        bought(lines, "Total", order.total),
        order.tracking ? tracked(order.tracking) : null,
        el("p", {}, el("a", { href: "/my-orders" }, "All orders")));
}

function legalPage(name) {
    const titles = { imprint: "Imprint", terms: "Terms of sale", privacy: "Privacy", returns: "Returns" };
    show(titles[name] || name, el("h1", {}, titles[name] || name), el("p", { class: "words" }, (shop.legal || {})[name] || ""));
}

// ── Where to go ──

async function route() {
    const signed = keep.get("tokens");
    try {
        const [first, second] = location.pathname.split("/").filter(Boolean).map(decodeURIComponent);
        if (!first) { await list(); }
        else if (first === "shop") { await productPage(second || ""); }
        else if (first === "basket") { await basketPage(); }
        else if (first === "checkout") { await checkoutPage(); }
        else if (first === "my-orders") { await (second ? orderPage(second) : ordersPage()); }
        else if (first === "legal") { legalPage(second); }
    } catch (problem) {
        // A session that has ended: whoever is not signed in is asked to sign in, and comes back.
        if (problem && problem.status === 401 && signed && !keep.get("tokens")) { return route(); }
        show("Not found", el("h1", {}, (problem && problem.title) || "Something went wrong"), el("p", {}, problemText(problem)),
            el("p", {}, el("a", { href: "/" }, "To the products")));
    }
}

const mine = ["shop", "basket", "checkout", "my-orders", "legal", ""];
document.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (!link || link.target || link.origin !== location.origin || event.ctrlKey || event.metaKey || event.shiftKey) { return; }
    if (link.hash || !mine.includes(link.pathname.split("/")[1])) { return; }
    event.preventDefault();
    go(link.pathname + link.search);
});
document.querySelector("form.everywhere").addEventListener("submit", (event) => {
    event.preventDefault();
    const wanted = document.querySelector("#q").value.trim();
    go(wanted ? `/?${new URLSearchParams({ q: wanted })}` : "/");
});
window.addEventListener("popstate", route);

(async () => {
    try { shop = await api("GET", "/v1/shop"); } catch { /* The name is all that is missing. */ }
    document.querySelector(".brand").textContent = shop.name;
    const legal = Object.entries(shop.legal || {}).filter(([, text]) => text)
        .map(([name]) => el("a", { href: `/legal/${name}` }, name[0].toUpperCase() + name.slice(1)));
    const contact = shop.contact_email ? [el("a", { href: `mailto:${shop.contact_email}` }, "Write to us")] : [];
    const staff = shop.demo ? [el("a", { href: "/admin" }, "Dashboard"), el("a", { href: "/mailbox" }, "Mailbox"), el("a", { href: "/docs/" }, "API")] : [];
    document.querySelector(".foot").append(...legal, ...contact, ...staff);
    basket.count();
    await route();
})();
