"""Names of columns that speak of age, or of when somebody was born, in several languages."""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise

AGE = re.compile(
    r"ages?|(brain|predicted|pred|chronological|chron|real|true|scan|current|mean|log|sqrt"
    r"|patient|subject|participant)ages?"
    r"|age(at|in|of)?(scan|mri|visit|test|baseline|years?|yrs?|months?|mos?|weeks?|days?"
    r"|groups?|bins?|bands?|cat|category|class|range|decade|sq|squared|cubed|log|z|gap)"
    r"|(lebens|hirn)?alter(in)?(jahren?|monaten?|tagen?|sgruppe)?"
    r"|edad(es)?|idade|eta|leeftijd|alder"
)
"""Of one word without accents: âge, ålder and età are among them."""
BIRTH = re.compile(
    r"births?|birth(year|yr|date|day|month)s?|(year|yr|date|day)(of)?birth|born|[dy]ob|bdate|bday"
    r"|geb|(geb|geburts?)(jahr|dat|datum|tag)?|jahrgang"
    r"|(date|annee|an)?(de)?naissance|ddn|(fecha|ano|data|anno)?(de|di)?(nacimiento|nascimento)"
    r"|(data|anno)?(di)?nascita|geboorte(jaar|datum)?|fodelse(ar|datum|dag)?|fodsels(ar|dato|dag)?"
)
OF_A_BIRTH = re.compile(
    r"weight|wt|length|len|size|height|head|order|rank|place|country|city|region|term|mode|type"
    r"|apgar|pre|preterm|weeks?|gest\w*|control|parity|count|number|n|ga|birth(weight|wt|order|place)"
    r"|gewicht|groesse|grosse|ort|land|poids|lieu|peso|lugar"
)
"""Words beside birth with which a column is about something else than when it was."""


def says_age(name: str) -> bool:
    """Return whether a column's name speaks of age: one of its words does, not a part of a word."""
    return any(AGE.fullmatch(word) for word in _words(name)) or says_birth(name)


def says_birth(name: str) -> bool:
    """Return whether a column's name speaks of when somebody was born."""
    words = _words(name)
    return any(BIRTH.fullmatch(word) for word in words) and not any(
        OF_A_BIRTH.fullmatch(word) for word in words
    )


def _words(name: str) -> list[str]:
    """Return the words of a name, and each two neighbours as one; lower case, no accents."""
    text = re.sub(r"(?<=[a-zà-ÿ])(?=[A-ZÀ-Þ])", "_", unicodedata.normalize("NFC", name))
    plain = unicodedata.normalize("NFKD", text.lower())
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    words = [word for word in re.split(r"[^a-z]+", plain.replace("ø", "o")) if word]
    return [*words, *(first + second for first, second in pairwise(words))]
