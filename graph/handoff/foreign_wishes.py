"""How people ask for a person, or say that they want none, in German, French, Spanish, Portuguese, Italian and Turkish.

A short table: who is wanted, beside a verb of talking, handing over or wanting. Texts are folded, so accents are gone.
"""

from typing import Final

_DE: Final = (
    r"(?:mensch(?:en)?|echte[nrm]? (?:person|mensch(?:en)?|mitarbeiter(?:in)?)|person|mitarbeiter(?:in)?|"
    r"jemande[mn]?|kunden(?:service|dienst|betreuer)|support|berater(?:in)?|kollegen|ansprechpartner(?:in)?)"
)
_FR: Final = (
    r"(?:quelqu'un|(?:vraie )?personne(?: reelle| humaine)?|(?:etre )?humain|conseill(?:er|ere)|agent|operateur|"
    r"service client|support|collegue|representant|interlocuteur)"
)
_ES: Final = (
    r"(?:alguien|persona(?: real| humana)?|(?:ser )?humano|agente|asesor|operador|representante|atencion al cliente|"
    r"soporte|humana)"
)
_PT: Final = r"(?:alguem|pessoa(?: real| de verdade)?|(?:ser )?humano|atendente|agente|operador|suporte|representante)"
_IT: Final = (
    r"(?:qualcuno|persona(?: reale| vera)?|(?:essere )?umano|operatore|operatrice|assistenza|agente|consulente)"
)
_TR: Final = (
    r"(?:(?:gercek (?:bir )?)?(?:insan|kisi)|musteri (?:hizmet\w*|temsilci\w*)|temsilci|yetkili|operator|destek "
    r"ekib\w*)"
)
WISHES: Final = (
    rf"\b(?:mit|an|zu)(?: (?:einem|einer|dem|der|nem|ner|einen|eurem|ihrem)){{0,1}}(?: \w+)? {_DE}(?: \w+)? "
    r"(?:sprechen|reden|chatten|schreiben|verbunden|verbinden|weiter\w+|telefonieren|kommunizieren)\b",
    r"\b(?:verbinde|verbinden sie|gib|geben sie|hol|holen sie|brauche|mochte|will|hatte gern\w*)(?: (?:mich|mir|"
    rf"bitte|mit|einen?|einem|einer|den|dem|der|echten?)){{0,5}} {_DE}(?=\W*$|[.,!]| (?:bitte|jetzt|sprechen)\b)",
    r"\b(?:parler|discuter|echanger|chatter|contacter|joindre|(?:mettre|mis|mise) en (?:relation|contact)|passer|"
    r"passez-moi|transfere\w*)(?: (?:a|avec|au|l'|un|une|le|la|votre|directement|moi)){0,3} (?:un |une |"
    rf"l')?{_FR}\b",
    rf"\b(?:je (?:veux|voudrais|souhaite)|j'ai besoin d')(?: ?(?:un|une))? {_FR}(?=\W*$|[.,!])",
    r"\b(?:hablar|chatear|comunicar\w*|contactar|pas[ae]\w*|transf\w+|conect\w+|poner\w*)(?: (?:con|a|al|el|la|un|"
    rf"una|en contacto|directamente|su)){{0,4}} {_ES}\b",
    rf"\b(?:quiero|necesito|prefiero)(?: (?:un|una|a))? {_ES}(?=\W*$|[.,!])",
    rf"\b(?:falar|conversar|contatar|transf\w+|conect\w+|passar?)(?: (?:com|para|a|o|um|uma|direto)){{0,3}} {_PT}\b",
    rf"\b(?:quero|preciso de|prefiro)(?: (?:um|uma))? {_PT}(?=\W*$|[.,!])",
    r"\b(?:parlare|chattare|contattare|passami|passatemi|mettimi|mettermi|trasferi\w*|collegami)(?: (?:con|a|in "
    rf"contatto|un|un'|una|il|la|l'|vostro)){{0,4}} {_IT}\b",
    rf"\b(?:voglio|vorrei|ho bisogno di)(?: (?:un|una|un'))? {_IT}(?=\W*$|[.,!])",
    rf"\b{_TR}(?:yle|la|le|siyle|sine|si|ne|e|a|ye|ya)?(?: ile| biriyle)?(?: \w+)? (?:konus\w*|gorus\w*|bagla\w*|"
    r"aktar\w*|yazis\w*|istiyorum)\b",
)
REFUSALS: Final = (
    rf"\b(?:kein(?:en?|em|er)?|nicht)(?: (?:mit|an|einem|einer|einen)){{0,3}} {_DE}\b",
    rf"\b(?:pas|sans|aucun|aucune)(?: (?:besoin|de|d'|parler|a|avec|un|une|me|passer)){{0,5}} {_FR}\b",
    rf"\bno (?:quiero|necesito|hace falta|deseo)(?: (?:hablar|con|a|ningun|ninguna|un|una)){{0,4}} {_ES}\b",
    rf"\bnao (?:quero|preciso)(?: (?:falar|com|de|um|uma|nenhum)){{0,4}} {_PT}\b",
    rf"\bnon (?:voglio|serve|ho bisogno)(?: (?:di|parlare|con|un|una)){{0,4}} {_IT}\b",
    rf"\b{_TR}(?:yle|la|le|ile|si|e|a)?(?: ile)?(?: \w+)? (?:istemiyorum|gerek yok|gerekmiyor)\b",
)
