#!/usr/bin/env python3
"""Takes a mail from a mail server's pipe, and hands it to the rules that wait for the webhook `mail`. In /etc/aliases:

  erp: "|/usr/bin/env KONTOR_URL=http://127.0.0.1:8080 KONTOR_KEY_FILE=/etc/kontor/mail.key python3 /usr/share/kontor/python/mailpipe.py"

Where Kontor does not take it, this ends with 75 (sysexits: try again), and the mail server keeps the mail."""
import email
import email.policy
import email.utils
import html
import os
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from kontor import Kontor, KontorError  # noqa: E402

TEXT_MAX = 20000
TRY_AGAIN = 75


def text_of(message):
    part = message.get_body(("plain", "html"))
    if part is None:
        return ""
    text = part.get_content()
    if part.get_content_subtype() == "html":
        text = html.unescape(re.sub(r"<[^>]+>", " ", re.sub(r"(?is)<(script|style).*?</\1>", " ", text)))
    return text.strip()[:TEXT_MAX]


def returned(message):
    """The recipient whose mail came back, of a report of RFC 3464; None: it is no such report."""
    if message.get_content_type() != "multipart/report":
        return None
    for part in message.walk():
        if part.get_content_type() == "message/delivery-status":
            for block in part.get_payload():
                if block.get("Action", "").strip().lower() == "failed":
                    return block.get("Final-Recipient", "").rpartition(";")[2].strip().lower() or None
    return None


def payload(message):
    name, address = email.utils.parseaddr(str(message.get("From", "")))
    return {"from": address.lower(), "name": name, "to": [a.lower() for _, a in email.utils.getaddresses([str(message.get("To", ""))])],
            "subject": str(message.get("Subject", "")).replace("\n", " ")[:200], "text": text_of(message),
            "message_id": str(message.get("Message-ID", "")).strip(" <>"), "in_reply_to": str(message.get("In-Reply-To", "")).strip(" <>"),
            "returned": returned(message), "automatic": str(message.get("Auto-Submitted", "no")).lower() != "no"}


def main():
    message = email.message_from_binary_file(sys.stdin.buffer, policy=email.policy.default)
    key = pathlib.Path(os.environ["KONTOR_KEY_FILE"]).read_text().strip()
    try:
        Kontor(os.environ.get("KONTOR_URL", "http://127.0.0.1:8080"), token=key).call("rule.webhook", {"name": "mail", "payload": payload(message)})
    except (KontorError, OSError) as error:
        print(error, file=sys.stderr)
        return TRY_AGAIN
    return 0


if __name__ == "__main__":
    sys.exit(main())
