"""A real SMTP server on loopback that a test commands by lines on standard input:

    ok | later | never | stall | swallow | late   what becomes of the next mails: taken; 451; 550; no answer; taken, but the
                                                  line is cut before the answer; taken, and the answer does not come

It prints "port N", then a JSON line for each mail that it took. TLS and a login are asked for with --tls CERT KEY.
"""
import argparse
import asyncio
import email
import email.policy
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult

mode = "ok"


def parts_of(message):
    return [{"type": part.get_content_type(), "name": part.get_filename(),
             "text": part.get_content() if part.get_content_maintype() == "text" else part.get_content().hex()}
            for part in message.walk() if not part.is_multipart()]


class Handler:
    async def handle_DATA(self, server, session, envelope):
        if mode == "later":
            return "451 come again"
        if mode == "never":
            return "550 nobody of that name"
        if mode == "stall":
            await asyncio.sleep(3600)
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        print(json.dumps({"from": envelope.mail_from, "to": envelope.rcpt_tos, "login": getattr(session, "user", None),
                          "headers": {k.lower(): str(v) for k, v in message.items()}, "raw": envelope.content.decode("ascii", "replace"),
                          "parts": parts_of(message)}), flush=True)
        if mode == "swallow":
            session.loop.call_soon(server.transport.abort)
            await asyncio.sleep(3600)
        if mode == "late":
            await asyncio.sleep(3600)
        return "250 taken"


def authenticate(server, session, envelope, mechanism, data):
    session.user = data.login.decode()
    return AuthResult(success=data.password == b"secret")


async def command(reader):
    global mode
    async for line in reader:
        mode = line.decode().strip()
        print("mode " + mode, flush=True)
    asyncio.get_running_loop().stop()


async def main(options):
    loop = asyncio.get_running_loop()
    tls = None
    if options.tls:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(*options.tls)
    make = lambda: SMTP(Handler(), tls_context=tls, require_starttls=bool(tls), auth_required=bool(tls),  # noqa: E731
                        authenticator=authenticate, loop=loop)
    server = await loop.create_server(make, "127.0.0.1", options.port)
    print("port", server.sockets[0].getsockname()[1], flush=True)
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    await command(reader)


if __name__ == "__main__":
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--port", type=int, default=0)
    arguments.add_argument("--tls", nargs=2)
    try:
        asyncio.run(main(arguments.parse_args()))
    except (RuntimeError, KeyboardInterrupt):
        pass
