"""A mail server's answer: is the address bad, or our message, our server, the moment?

One place for answers at RCPT and for returned messages. Words are read before codes,
since many servers say 550 for everything: a code is only believed where the words do
not name another reason. What neither words nor codes call the address's fault is soft.
"""

import re

# An enhanced status code (RFC 3463), else the reply code of RFC 5321.
STATUS = re.compile(r"(?<![\d.])([45])\.(\d{1,3}\.\d{1,3})(?!\.?\d)")
REPLY = re.compile(r"(?<![\d.:#-])[45]\d\d(?=[ -]|$)")
CODES = (STATUS, REPLY)

# Addresses, and hosts of three labels or more.
NAMES = re.compile(r"[^\s<>]{1,64}@[^\s<>]{1,255}|\b[\w-]{1,63}(\.[\w-]{1,63}){2,}")

# No such mailbox, no such domain, wrong syntax, moved, null MX; a disabled mailbox.
BAD_ADDRESS = re.compile(r"1\.(1|2|3|6|10)|2\.1")
# Security and policy (RFC 3463, 3.8).
POLICY = re.compile(r"7\.\d+")


def _words(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


# Spam, lists, policy, authentication, rates: our message or our server.
ABOUT_US = _words(
    r"\bspam|\bjunk\b|\bunsolicited|\bbulk\b|\bviru[s]|malware|phish|suspicious",
    r"\bblock(ed|ing)|\b(block|black|deny|drop)[ -]?list|\bbanned\b|\breputation",
    r"\b(rbl|dnsbl|spamhaus|spamcop|barracuda\w*|sorbs|abusix|uceprotect|zen|sbl|xbl)\b",
    r"(?<!not )\blisted (in|on|at|by)\b|\bOFR_?(50\d)",
    r"\bpolic(y|ies)\b|\bdmarc\b|\bdkim\b|\bspf\b|authenticat|\bsender id\b",
    r"\breverse (dns|lookup)|\br?dns record|\bptr\b|\bhelo\b|\behlo\b|\btls\b|encrypt",
    r"\bclient host|\bconnecting (ip|host)|\byour (ip|server|network|host|domain)\b",
    r"\bsender\b|\breturn[- ]?path\b|\bfrom (address|domain)|\bmail from\b",
    r"not (allowed|permitted|authori[sz]ed) to (send|post)|permission to (send|post)",
    r"may not post|relay(ing)? (access )?(denied|not)|unable to relay",
    r"content (filter|reject)|message (content )?reject",
    r"\bgr[ea]y-?list|\brate\b|\bthrottl|too (many|much|fast|frequent)",
    r"\bmail rejet|\badresse ip\b|\bip source\b|\bcomplain|\babuse\b",
    # German, French, Spanish and Portuguese, Italian, Dutch, Polish, Russian
    r"richtlinie|gesperrt|blockiert|sperrliste|unerwünscht",
    r"bloqu[ée]|liste noire|politique|ind[ée]sirable|bloquead|lista (negra|nera)",
    r"\bpol[ií]tica|bloccat|geblokkeerd|zwarte lijst|zablokowan|czarn\w+ list",
    r"\bспам|заблокирован|чёрн|черн\w+ спис|垃圾|迷惑メール|スパム",
)
# A full mailbox, a size, a time that ran out: it may work tomorrow.
FOR_NOW = _words(
    r"quota|\b(mail)?box\b[^.]{0,20}\bfull\b|\bfull mailbox|\bis full\b|\boverdrawn",
    r"\bdisk\b|storage|insufficient|out of space|exceed|\btoo (big|large|long)\b",
    r"\bsize\b|\bloop|\bhop count|\btemporar|\btry (again|later)|later\.?$|\bexpired\b",
    r"tim(ed?|e) ?-?out|queue lifetime|\bsuspended\b|on hold|\bcongest|\bbusy\b",
    r"voll\b|speicherplatz|überschritten|zeitweise|vorübergehend|pleine?\b|plein\b",
    r"llen[oa]\b|cheia\b|pien[ao]\b|cuota|\bvol\b|przepełnion|переполнен|квот|容量",
)

_WHO = (
    r"(user|recipient|mail ?box|account|address(ee)?|alias|inbox|member|person|"
    r"customer|domain|host|local[ -]?part|name)"
)
_NOT_THERE = (
    r"(unknown|not (be )?found|(do|does)( not|n.t) exist|not exist|invalid|"
    r"not known|non-?exist\w*|unavailable|disabled|deactivated|closed|inactive|"
    r"terminated|no longer \w+|not (a )?(valid|listed|registered|local|here|active)|"
    r"not (our|recogni[sz]ed)|(was|is)n.t (found|valid|listed))"
)
# The address, or its domain, is wrong or gone.
IS_BAD = _words(
    rf"\b{_WHO}\b[^.;\n]{{0,60}}?\b{_NOT_THERE}",
    rf"\b(unknown|invalid|illegal|bad|incorrect|nonexistent|non-existent|undefined|"
    rf"no such|not a valid|disabled|inactive)( \w+){{0,2}} {_WHO}\b",
    r"\bno such\b|\bno mail ?box\b|\bnobody (here|by)|no one (here|at)|notfound\b",
    r"unrout(e)?able|undeliverable address|requested action not taken",
    r"does(n.t| not) have (a|an) \S+ (account|address)|has no mail ?box",
    r"not our customer|n.t exist|domain is(n.t| not) in my list",
    r"recipient (address )?rejected: access denied|RecipientNotFound|NoSuchUser",
    r"(empfänger|benutzer|nutzer|adresse|postfach|konto)\b[^.;\n]{0,60}?"
    r"(unbekannt|existiert|nicht (gefunden|vorhanden|bekannt|gültig)|ungültig)",
    r"(unbekannte|ungültige)\w* (empfänger|benutzer|nutzer|adresse|postfach)",
    r"(utilisateur|destinataire|adresse|compte|bo[iî]te)\b[^.;\n]{0,60}?"
    r"(inconnu|invalide|inexistant|introuvable|n.existe)",
    r"(usuario|usuário|destinat[aá]rio|direcci[oó]n|endereço|cuenta|conta|buz[oó]n|"
    r"utente|indirizzo|casella)\b[^.;\n]{0,60}?"
    r"(descon(o|he)cid|no existe|n[ãa]o existe|inexist|inesist|inv[aá]lid|sconosciut|"
    r"non (esiste|valid))",
    r"(gebruiker|ontvanger|adres|postbus)\b[^.;\n]{0,60}?(onbekend|bestaat niet)",
    r"nie istnieje|nieznany (użytkownik|adres)|neexistuj|finns inte|okänd mottagare",
    r"(пользовател|ящик|адрес|получател)\w*[^.;\n]{0,60}?не (существует|найден)",
    r"нет такого|неизвестный (пользователь|адрес)|不存在|存在しません|見つかりません",
)


def is_about_us(answer: str) -> bool:
    """Return whether our message or our server is refused, whoever it is for."""
    status = STATUS.search(answer)
    if status and POLICY.fullmatch(status[2]):
        return True
    return bool(ABOUT_US.search(_words_of(answer)))


def is_hard(answer: str, status: str = "", otherwise: bool = False) -> bool:
    """Return whether a mail server's answer says that the address will never work.

    `status` is the enhanced code of a notice, for an answer that has none of its own.
    `otherwise` is for an answer without any code and without words that decide.
    """
    words = _words_of(answer)
    enhanced = STATUS.search(answer) or STATUS.search(status)
    code = enhanced or REPLY.search(answer)
    if code and code[0].startswith("4"):
        return False
    if ABOUT_US.search(words) or FOR_NOW.search(words):
        return False
    if enhanced and POLICY.fullmatch(enhanced[2]):
        return False
    if enhanced and BAD_ADDRESS.fullmatch(enhanced[2]):
        return True
    return bool(IS_BAD.search(words)) or (otherwise and not code)


def _words_of(answer: str) -> str:
    """Without codes, which part phrases, and without names that look like words."""
    answer = STATUS.sub(" ", REPLY.sub(" ", answer[:2000])).replace("’", "'")
    return " ".join(NAMES.sub(" ", answer).split())
