"""An SMTP server (aiosmtpd) for the tests: says its port, then each mail that it takes, as lines of JSON.

Options: --cert and --key offer STARTTLS, --implicit-tls speaks TLS at once, --user and --password require a login.
It ends when its standard input does, so that it never outlives the test.
"""

import argparse
import asyncio
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult

options = argparse.ArgumentParser()
options.add_argument("--cert")
options.add_argument("--key")
options.add_argument("--implicit-tls", action="store_true")
options.add_argument("--user")
options.add_argument("--password")
options = options.parse_args()


def say(**line):
    print(json.dumps(line), flush=True)


class Handler:
    async def handle_DATA(self, server, session, envelope):
        say(
            mail_from=envelope.mail_from,
            rcpt_tos=envelope.rcpt_tos,
            content=envelope.original_content.decode("ascii"),
            tls=session.ssl is not None or options.implicit_tls,
            authenticated=bool(session.authenticated),
        )
        return "250 taken"


def authenticate(server, session, envelope, mechanism, data):
    is_right = data.login.decode() == options.user and data.password.decode() == options.password
    return AuthResult(success=is_right, handled=False)


async def main():
    context = None
    if options.cert:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options.cert, options.key)

    def protocol():
        return SMTP(
            Handler(),
            hostname="aiosmtpd.test",
            tls_context=None if options.implicit_tls else context,
            auth_required=bool(options.user),
            auth_require_tls=bool(context) and not options.implicit_tls,
            authenticator=authenticate if options.user else None,
        )

    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        protocol, "127.0.0.1", 0, ssl=context if options.implicit_tls else None
    )
    say(port=server.sockets[0].getsockname()[1])
    await loop.run_in_executor(None, sys.stdin.read)


asyncio.run(main())
