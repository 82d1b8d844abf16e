"""An SMTP server (aiosmtpd) on the port that is given: says "ready", then each mail that it takes, as lines of JSON.

It ends when its standard input does, so that it never outlives the test.
"""

import asyncio
import json
import sys

from aiosmtpd.smtp import SMTP


class Handler:
    async def handle_DATA(self, server, session, envelope):
        print(json.dumps(envelope.original_content.decode("ascii")), flush=True)
        return "250 taken"


async def main():
    loop = asyncio.get_running_loop()
    await loop.create_server(lambda: SMTP(Handler(), hostname="aiosmtpd.test"), "127.0.0.1", int(sys.argv[1]))
    print(json.dumps("ready"), flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


asyncio.run(main())
