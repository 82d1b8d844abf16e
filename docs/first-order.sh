#!/usr/bin/env bash
# A first order, from an empty folder to the mail that says it was shipped, with nothing but curl.
#
#   docs/first-order.sh [path to the cartwright binary]      (default: target/release/cartwright)
#
# Needs curl and python3 with aiosmtpd (`pip install aiosmtpd`), which plays the mail server. Set PYTHON to use
# another interpreter. Everything lives in a temporary folder and is gone at the end.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
cartwright=${1:-$here/../target/release/cartwright}
python=${PYTHON:-python3}
work=$(mktemp -d)
pids=()
stop() {
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
    wait 2>/dev/null || true
    rm -rf "$work"
}
trap stop EXIT

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
fail() {
    echo "first-order: $*" >&2
    [ ! -s "$work/server.log" ] || tail -n 20 "$work/server.log" >&2
    exit 1
}
free_port() { "$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
# field a.b.0.c: that field of the JSON on standard input
field() {
    "$python" -c '
import json, sys
value = json.load(sys.stdin)
for key in sys.argv[1].split("."):
    value = value[int(key)] if isinstance(value, list) else value[key]
print(value)' "$1"
}
# call METHOD PATH [TOKEN] [curl arguments ...]: a request whose reply must be a success
call() {
    local method=$1 path=$2 token=${3:-}
    shift $(($# < 3 ? $# : 3))
    local authorization=()
    [ -z "$token" ] || authorization=(-H "Authorization: Bearer $token")
    curl --silent --show-error --fail-with-body --max-time 20 -X "$method" "$shop$path" "${authorization[@]}" "$@" ||
        fail "$method $path was refused"
}
json=(-H 'Content-Type: application/json' --data)
# mail SUBJECT PATTERN: waits for the mail with that subject and prints the first match of the pattern in its text
mail() {
    "$python" - "$work/mail/new" "$1" "$2" <<'PYTHON' || fail "no mail with '$1' arrived"
import email, email.policy, pathlib, re, sys, time
folder, subject, pattern = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
for _ in range(200):
    for path in sorted(folder.glob("*")) if folder.exists() else []:
        message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        if subject.lower() in str(message["subject"]).lower():
            found = re.search(pattern, message.get_body(("plain",)).get_content())
            if found:
                print(found.group(0))
                sys.exit(0)
    time.sleep(0.1)
sys.exit(1)
PYTHON
}

[ -x "$cartwright" ] || fail "no binary at $cartwright; build it with: cargo build --release -p cartwright"
"$python" -c 'import aiosmtpd' 2>/dev/null || fail "python3 has no aiosmtpd; install it with: pip install aiosmtpd"

say '1. A mail server and a shop'
smtp_port=$(free_port)
"$python" -m aiosmtpd -n -l "127.0.0.1:$smtp_port" -c aiosmtpd.handlers.Mailbox "$work/mail" >"$work/smtp.log" 2>&1 &
pids+=($!)
echo 'correct horse battery staple' | "$cartwright" owner create --data "$work/data" \
    --email owner@example.com --name 'Olive Owner' --password-stdin
port=$(free_port)
shop="http://127.0.0.1:$port"
"$cartwright" serve --data "$work/data" --listen "127.0.0.1:$port" \
    --smtp-url "smtp://127.0.0.1:$smtp_port" --mail-from 'Corner Shop <shop@example.com>' 2>"$work/server.log" &
pids+=($!)
for _ in $(seq 100); do curl --silent --fail "$shop/readyz" >"$work/ready" && break || sleep 0.1; done
[ -s "$work/ready" ] || fail 'the shop did not start'

say '2. A catalogue, imported from a spreadsheet'
"$cartwright" import products "$here/sample-products.csv" --data "$work/data"
variant=$(call GET '/v1/products?q=mug' | field items.0.variants.0.id)
echo "the mug is variant $variant"

say '3. A customer signs up and proves the address with the code from the mail'
call POST /v1/auth/signup '' "${json[@]}" '{"email":"ann@example.com","password":"a quiet garden in May","name":"Ann Example"}' >/dev/null
code=$(mail 'code' '\b[0-9]{6}\b')
call POST /v1/auth/verify-email '' "${json[@]}" "{\"email\":\"ann@example.com\",\"password\":\"a quiet garden in May\",\"code\":\"$code\"}" >/dev/null
ann=$(call POST /v1/auth/login '' "${json[@]}" '{"email":"ann@example.com","password":"a quiet garden in May"}' | field access_token)

say '4. The order'
order=$(call POST /v1/orders "$ann" -H "Idempotency-Key: first-order-$$" "${json[@]}" "{
    \"lines\": [{\"variant_id\": \"$variant\", \"quantity\": 2}],
    \"ship_to\": {\"name\": \"Ann Example\", \"line1\": \"Lindenstrasse 1\", \"city\": \"Berlin\", \"postal_code\": \"10969\", \"country\": \"DE\"}
}")
order_id=$(field id <<<"$order")
number=$(field number <<<"$order")
echo "order $number is $(field status <<<"$order")"

say '5. The staff confirm and ship it'
owner=$(call POST /v1/auth/login '' "${json[@]}" '{"email":"owner@example.com","password":"correct horse battery staple"}' | field access_token)
call POST "/v1/admin/orders/$order_id/transitions" "$owner" "${json[@]}" '{"to":"confirmed"}' >/dev/null
call POST "/v1/admin/orders/$order_id/transitions" "$owner" "${json[@]}" \
    '{"to":"shipped","tracking":{"carrier":"DHL","number":"00340434161094021501"}}' >/dev/null
status=$(call GET "/v1/orders/$order_id" "$ann" | field status)
[ "$status" = shipped ] || fail "the order is $status, not shipped"
echo "order $number is $status"

say '6. The mail that says so'
mail "$number" '00340434161094021501' >/dev/null
echo "the mail about $number with its tracking number has arrived"
"$cartwright" check --data "$work/data"
say 'Done.'
