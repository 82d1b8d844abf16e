"""What schemathesis has to be told about media types that it does not know."""

import json

import schemathesis


@schemathesis.serializer("application/x-ndjson")
def lines(context, value):
    return value.encode() if isinstance(value, str) else json.dumps(value).encode()


@schemathesis.hook
def filter_case(context, case):
    """A file is text, whatever stands in it: what is not text can't be sent, and so can't be refused."""
    return case.media_type not in ("text/csv", "application/x-ndjson") or isinstance(case.body, str)
