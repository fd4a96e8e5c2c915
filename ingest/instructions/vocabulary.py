"""The words by which a request to somebody who writes texts is known, in English, German, French and Spanish."""

from __future__ import annotations

_VERBS = {
    "write": """write draft compose generate create produce craft develop invent prepare author come formulate pen
        design
        schreibe schreib schreiben verfasse verfassen entwirf erstelle erzeuge dichte formuliere
        écris écrivez rédige rédigez compose composez crée créez génère générez invente inventez
        escribe escriba redacta redacte compón crea cree genera genere inventa invente""",
    "explain": """explain describe define outline summarise summarize discuss clarify illustrate elaborate break teach
        walk help interpret paraphrase simplify
        erkläre erklär erklären beschreibe beschreiben definiere erläutere fasse skizziere
        explique expliquez décris décrivez définis définissez résume résumez
        explica explique describe describa define defina resume resuma""",
    "change": """replace substitute encode encrypt decode reverse scramble rearrange translate convert misspell jumble
        anagram capitalise capitalize group combine remove shuffle swap shift represent transform rewrite spell double
        omit randomly transpose invert render apply use mix reorder obfuscate cipher alternate separate split swap
        ersetze übersetze übersetzen verschlüssele verwandle kehre vertausche wandle entferne codiere
        remplace remplacez traduis traduisez chiffre chiffrez inverse inversez convertis
        sustituye sustituya reemplaza reemplace traduce traduzca cifra cifre invierte convierte codifica""",
    "include": """include add append insert integrate mention incorporate augment enhance modify embed start begin end
        finish conclude weave attach emphasise emphasize highlight put work keep make promote advertise prepend place
        introduce alter adjust infuse supplement plug market tease slip hint extend amend inject sprinkle
        füge nenne erwähne ergänze beginne beende baue hänge bewirb betone
        ajoute ajoutez inclus incluez mentionne mentionnez insère insérez termine commence
        incluye incluya añade añada agrega agregue menciona mencione inserta termina comienza promociona""",
    "tell": """tell give provide show list name suggest recommend say state claim inform answer respond reply ask offer
        share reveal print output display repeat recite announce urge convince direct encourage advise assure sing
        promise request persuade invite warn declare assert quote deliver present propose express guide speak talk
        sage sag nenne antworte antworten erzähle erzähl gib zeige zeig bitte verrate empfiehl liste informiere
        dis dites réponds répondez donne donnez raconte racontez affiche affichez montre demande demandez cite
        di diga responde responda da dame cuenta cuéntame cuente muestra muestre pide pida nombra recomienda dime""",
    "analyse": """analyse analyze evaluate assess compare classify identify calculate compute predict forecast find
        search research determine detect rate rank estimate solve investigate examine review compile perform conduct
        extract categorize categorise gauge label measure study explore survey interpret contrast prove derive
        analysiere bewerte vergleiche berechne finde suche bestimme ermittle klassifiziere löse
        analyse analysez évalue compare comparez calcule trouve trouvez cherche détermine classe
        analiza analice evalúa compara calcula encuentra busca determina clasifica resuelve""",
    "do": """set schedule book order send forward plan play turn delete open remind organise organize automate buy
        run execute call email cancel install download visit click upload fetch submit post save implement debug fix
        optimize optimise arrange draw build code format sort copy configure navigate reserve implement imagine stop
        buche bestelle sende schicke plane öffne lösche spiele erinnere führe stelle
        réserve commande envoie envoyez planifie ouvre supprime joue lance
        reserva envía envíe planifica abre borra elimina ejecuta programa""",
    "override": """ignore disregard forget pretend let's act override imagine simulate assume behave roleplay bypass
        ignoriere vergiss missachte tu
        ignore ignorez oublie oubliez fais prétends
        ignora ignore olvida olvide finge actúa""",
}
VERB_KINDS = tuple(_VERBS)
OPENERS = {word: kind for kind, words in _VERBS.items() for word in words.split()}
"""Imperatives by what they ask for."""

QUESTION_WORDS = frozenset(
    """what who whom whose which when where why how what's who's where's how's
    was wer wen wem welche welcher welches wann wo warum wieso wie woher wohin
    quel quelle quels quelles qui que quoi quand où pourquoi comment combien qu'est-ce
    qué quién quiénes cuál cuáles cuándo dónde cómo cuánto cuántos cuánta cuántas""".split()
)
POLITE = frozenset(
    """please kindly now then also finally next additionally furthermore and but so okay ok hey just always never do
    not don't instead only again bitte jetzt dann auch s'il te plaît maintenant aussi puis veuillez por favor ahora
    también luego to""".split()
)
PERSONS = frozenset(
    """we our us ours i my they their them he she his her it its team teams customer customers company
    wir unser unsere uns ich mein meine sie ihr ihre nous notre nos je mon ma nosotros nuestro nuestra yo mi""".split()
)
STOPWORDS = frozenset(
    """about above after also another anyone anything because been before being below between both could does doing down
    each every everyone from further have having here hers into itself just like more most much need only other over
    same should some such than that their them then there these they thing things this those through under until very
    want were what when where which while will with within without would your yours yourself please using used
    make makes three five four first following well first
    eine einen einem einer eines oder aber auch nicht sich sind wird dies diese dieser dieses über unter wenn
    dans pour avec sans sous cette elle vous nous leur mais plus être sont
    para como pero este esta esto esos esas sobre entre desde hasta cuando donde""".split()
)
GENRES = frozenset(
    """poem poems haiku limerick sonnet story stories tale essay essays joke jokes song songs riddle riddles speech
    toast dialogue script slogan slogans lyrics novel fable letter paragraph paragraphs recipe quote headline tweet
    advertisement ad blog rap anecdote monologue screenplay verse trivia fact facts conversation movie movies
    synonym synonyms antonym rhyme rhymes
    gedicht geschichte witz lied aufsatz rätsel märchen rede rezept
    poème histoire blague chanson recette conte
    poema cuento historia chiste canción receta ensayo""".split()
)
CIPHERS = frozenset(
    """letter letters vowel vowels consonant consonants alphabet alphabetical spaces typos misspellings misspelling
    misspelled anagram anagrams cipher ciphers caesar base64 base32 rot13 hexadecimal hex binary morse emoji emojis
    emoticon emoticons uppercase lowercase backwards reversed reverse symbols symbol alphanumeric homophonic leetspeak
    scrambled pig latin rhyme gibberish punctuation encoded encrypted encode ascii unicode pictograms substitution
    palindrome syllable syllables acronym keyboard vokale vokal buchstaben buchstabe rückwärts
    voyelle voyelles lettre lettres l'envers vocales vocal letras letra revés""".split()
)
LANGUAGES = frozenset(
    """english french german spanish italian portuguese russian japanese chinese mandarin korean arabic hindi latin
    greek dutch swedish polish turkish hebrew vietnamese thai danish norwegian finnish czech hungarian romanian
    ukrainian swahili klingon esperanto
    englisch englische englischen französisch französische deutsch spanisch italienisch
    anglais français allemand espagnol italien inglés francés alemán español italiano""".split()
)
WORLD = frozenset(
    """world country countries capital planet planets earth moon sun ocean river mountain animal animals war century
    president king queen inventor invented discovered wrote painted composed famous historical history ancient
    theory physics chemistry biology mathematics equation equations triangle photosynthesis gravity evolution
    philosophy literature poet shakespeare einstein climate universe galaxy atom molecule cell cells dna virus
    bacteria disease vitamin recipe cook bake movie film football olympic religion revolution empire economy
    hauptstadt welt erde mond planeten krieg capitale monde terre lune guerre mundo tierra luna guerra""".split()
)
