"""Why was a recipient refused: is there nobody of that name, or was the text taken for spam?"""

from __future__ import annotations

import pandas as pd

from analyzer.rows import saying

# RFC 3463: other address status, bad mailbox, bad mailbox syntax, moved; RFC 7505: null MX.
NO_SUCH_USER = ["5.1.0", "5.1.1", "5.1.3", "5.1.6", "5.1.10"]
# Nobody any more, or a domain that does not exist (5.1.2 by Sendmail, 5.4.310 by Exchange).
GONE = [*NO_SUCH_USER, "5.1.2", "5.2.1", "5.4.4", "5.4.310"]
# A reply without a code of its own, in Postfix 5.0.0; 5.4.1 is Microsoft's for nobody, with words.
UNCLEAR = ["5.0.0", "5.2.0", "5.4.1", "5.5.0"]
NOBODY = (  # in the words of servers that give none
    r"(?i)\b(?:(?:no such|unknown|invalid) (?:user|recipient|mailbox|account)"
    r"|(?:user|recipient|mailbox|account) (?:is )?(?:unknown|unavailable|not found)"
    r"|(?:user|recipient|mailbox|account) (?:does not|doesn't) exist"
    r"|recipient address rejected: access denied)\b"
)
# What a server says of a text, not of a list on which we are: that hits everybody's mail.
SPAM = (
    r"(?i)(?:^|[\s\"'(:\[])(?:spam|unsolicited|junk|phishing|bulk)(?: e?-?mails?| messages?)?"
    r"(?:[\s,;:!?\"')\]]|\.?$|\.\s)"
)
REFUSED = ["bounced", "deferred", "expired"]


def nobody(rows: pd.DataFrame) -> pd.Series[bool]:
    """Which deliveries ended as there is nobody of that name, by the code or the words of a server
    that gives none.
    """
    bounced = rows["status"].eq("bounced")
    coded = bounced & rows["dsn"].isin(GONE)
    return coded | saying(rows["reply"], bounced & rows["dsn"].isin(UNCLEAR), NOBODY)


def spam(rows: pd.DataFrame) -> pd.Series[bool]:
    """Which deliveries were refused, for now or for ever, for what the text is."""
    said = saying(rows["reply"], rows["status"].isin(REFUSED), SPAM)
    return pd.Series(said, rows.index)
