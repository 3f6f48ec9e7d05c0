"""What a mail server's answers mean for the message, where they are not a plain yes."""

from __future__ import annotations

import re


class RefusedMail(Exception):
    """The server said no. `subject` is what it refused: `sender`, `recipient` or `message`."""

    def __init__(self, code: int, said: bytes, subject: str) -> None:
        self.code = code
        self.said = said.decode("utf-8", "replace").replace("\n", " ").strip()[:300]
        self.subject = subject
        super().__init__(f"the mail server refused the {subject}: {code} {self.said}")

    @property
    def permanent(self) -> bool:
        """Whether it will say no again: 5xx, as against 4xx (RFC 5321 §4.2.1)."""
        return self.code >= 500

    @property
    def address_is_bad(self) -> bool:
        """Whether nothing should be sent to this recipient any more.

        By the enhanced code where there is one (RFC 3463: 5.1.x no such address, 5.2.1 switched
        off), so that a refusal of our message or our sender bans nobody; else 550, 551 and 553.
        """
        if self.subject != "recipient" or not self.permanent:
            return False
        enhanced = re.match(r"5\.(\d{1,3}\.\d{1,3})\b", self.said)
        if enhanced:
            return enhanced[1].startswith("1.") or enhanced[1] == "2.1"
        return self.code in (550, 551, 553)


class AnswerLost(Exception):
    """The server had the message, or part of it, and then its answer did not come."""
