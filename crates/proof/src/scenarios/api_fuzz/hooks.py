"""What schemathesis has to be told about media types that it does not know, and about what it can't know is allowed."""

import json
import os

import schemathesis

# What was asked for and how it was answered, a line each: method, path and status.
ANSWERS = open(os.environ["CARTWRIGHT_ANSWERS"], "a", buffering=1, encoding="utf-8")
# Settings that would have all that comes after them refused, and what stands there instead.
HARMLESS = {"require_second_factor": False, "takes_orders": True, "countries": []}

# The shortest limit of a text that people type, in characters.
TEXT_MAX = 20


@schemathesis.serializer("application/x-ndjson")
def lines(context, value):
    return value.encode() if isinstance(value, str) else json.dumps(value).encode()


@schemathesis.hook
def before_call(context, case, kwargs):
    """The shop that is asked stays open to those who ask."""
    if case.operation.path == "/v1/admin/settings" and isinstance(case.body, dict):
        shut = {name: value for name, value in HARMLESS.items() if type(case.body.get(name)) is type(value)}
        case.body = {**case.body, **shut}


@schemathesis.hook
def after_call(context, case, response):
    ANSWERS.write(f"{case.operation.method.upper()} {case.operation.path} {response.status_code}\n")


@schemathesis.hook
def filter_case(context, case):
    """A file is text, whatever stands in it: what is not text can't be sent, and so can't be refused; nor can what stands in
    brackets in a query and what it is to be (`option[a][b]=null` asks for the option `a][b` that is called "null"). Blanks around a
    header are no part of it (RFC 9110, 5.5), and blanks around what people type are no part of that: a document can't say so."""
    if case.media_type in ("text/csv", "application/x-ndjson") and not isinstance(case.body, str):
        return False
    if not all(is_text_in_brackets(name, value) for name, value in (case.query or {}).items() if "[" in name):
        return False
    if any(is_padded(value) for value in (case.headers or {}).values()):
        return False
    return not any(len(text) > TEXT_MAX and is_padded(text) for text in texts(case.body))


def is_text_in_brackets(name, value):
    """Whether a parameter can only be meant as one text under a name: the tool may have flattened what it made, and written a number
    or null down, already."""
    if name.count("[") > 1 or not isinstance(value, str):
        return False
    try:
        json.loads(value)
    except ValueError:
        return True
    return False


def is_padded(value):
    return isinstance(value, str) and value != value.strip()


def texts(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)
