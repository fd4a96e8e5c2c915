"""Words that ask rather than name, by language: they stand in every text and say nothing about what is searched for.

Articles, prepositions, pronouns, auxiliaries and question words. Negations ("not", "ohne") and words of order
("before", "first") are left out: they are part of what is asked. Without marks that a tokenizer takes
off; what stands before an apostrophe ("l'", "dell'") is a word of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_WORDS = {
    "ar": """
        ما ماذا من متى أين اين كيف كم هل لماذا أي اي أية في على الى إلى عن مع هذا هذه ذلك تلك التي الذي الذين هو هي هم
        نحن أنا انا أنت كان كانت يكون تكون هناك هنا أن ان إن إذا اذا أو او ثم قد لقد كل و ف ب ل يمكن يجب عند بين لدى
        لدينا حول بعد قبل كما فيها فيه منها منه عليها عليه بها به لها له
    """,
    "da": """
        hvad hvem hvor hvordan hvornår hvorfor hvilken hvilket hvilke hvis er var være været bliver blev blive har
        havde have kan kunne skal skulle vil ville må måtte bør jeg du han hun den det vi de mig dig ham os jer dem
        min mit mine din dit dine vores jeres deres sin sit sine en et og eller men at der som i på af til fra for med
        om ved under over efter ind ud op så også da når denne dette disse man noget nogen nogle mange meget får få
        findes gør
    """,
    "de": """
        aber als am an auf aus bei bin bis da darf das dass dem den der des die dies diese ein eine einem einen einer
        es für hat ich ihr im in ist kann man mein mit muss nach oder sich sie sind soll und uns unser unter viel
        viele vom von vor wann warum was welche welchem welchen welcher welches wem wen wenn wer werden wie wieviel
        wir wird wo zu zum zur über
    """,
    "el": """
        τι ποιος ποια ποιο ποιοι ποιες ποιον που πού πότε πώς πως πόσο πόσα πόσοι πόσες γιατί ο η το οι τα του της των
        τον την τους τις ένα ένας μια μία και ή να θα είναι ήταν έχει έχουν είχε έχω έχουμε με σε από για στο στη στην
        στον στα στους στις ως κατά προς αυτό αυτή αυτός αυτά εγώ εσύ εμείς μου σου μας σας πρέπει μπορώ μπορεί
        μπορούμε ότι αν όταν όπως
    """,
    "en": """
        a an and any are as at be by can could did do does for from had has have how i if in is it its may me my of on
        or our shall should so that the their them there these they this those to was we were what when where which
        who whom whose why will with would you your
    """,
    "es": """
        qué que cuál cual cuáles cuales quién quien quiénes quienes cuándo cuando dónde donde cómo como cuánto cuanto
        cuánta cuántos cuantos cuántas cuantas el la los las un una unos unas lo al del de en a con por para y e o u
        es son era eran fue fueron ser está están estar hay ha han he hemos haber tiene tienen tengo puede pueden
        puedo podemos debe deben debo yo tú él ella nosotros ellos ellas usted ustedes me te se nos le les mi mis tu
        tus su sus nuestro nuestra nuestros nuestras este esta estos estas ese esa eso esto si pero porque
    """,
    "fi": """
        mikä mitä mitkä missä mistä mihin milloin miten miksi kuka ketkä kenen kenelle kuinka paljonko montako
        millainen onko on ovat oli olivat olla ole olen olemme voi voiko voivat voin voimme saa saako pitää täytyy
        minä sinä hän me te he se ne minun sinun hänen meidän teidän heidän tämä tuo nämä nuo ja tai sekä että jos kun
        kuin joka jotka jonka josta jossa niin myös
    """,
    "fr": """
        que qu quel quelle quels quelles qui quoi quand où comment pourquoi combien est ce c le la les l un une des du
        de d au aux à en dans par pour sur avec et ou je j tu il elle on nous vous ils elles me m te t se s y mon ma
        mes ton ta tes son sa ses notre nos votre vos leur leurs sont était étaient être été a ont ai avons avez avait
        peut peuvent puis pouvons doit doivent dois faut fait cette cet ces ça si mais donc
    """,
    "hu": """
        mi mit mik miért mikor hol hova honnan hogyan hogy ki kik kinek kit melyik melyek mennyi hány milyen mekkora a
        az egy és vagy de van vannak volt voltak lesz lehet kell én te ő mi ti ők engem nekem nekünk ez ezek azok ezt
        azt ahol aki ami amely amelyek ha is meg el be ki fel le
    """,
    "it": """
        che cosa quale quali qual chi quando dove come perché perche quanto quanta quanti quante è e sono era erano
        essere stato il lo la i gli le l un uno una del dello della dei degli delle dell al allo alla ai agli alle all
        dal dalla dai dalle dall nel nello nella nei nelle nell sul sulla sui sulle sull di a da in con su per tra fra
        ed o ho ha hanno abbiamo avere può possono posso possiamo deve devono devo io tu lui lei noi voi loro mi ti si
        ci vi mio mia miei tuo suo sua suoi nostro nostra nostri questo questa questi queste quello quella c se ma
    """,
    "nl": """
        wat wie waar wanneer waarom hoe hoeveel welke welk de het een en of maar is zijn was waren ben bent wordt
        worden werd heb hebt heeft hebben had kan kunnen kun mag mogen moet moeten zal zullen zou ik je jij u hij zij
        ze we wij jullie mij me mijn jouw uw haar hem hun ons onze in op aan van voor met bij naar uit door over om te
        tot er dit dat deze die als dan ook
    """,
    "no": """
        hva hvem hvor hvordan når hvorfor hvilken hvilket hvilke hvis er var være vært blir ble bli har hadde ha kan
        kunne skal skulle vil ville må måtte bør jeg du han hun den det vi dere de meg deg ham oss dem min mitt mine
        din ditt dine vår vårt våre deres sin sitt sine en et ei og eller men at å som i på av til fra for med om ved
        under over etter inn ut opp så også da denne dette disse man noe noen mange mye får få finnes gjør eg ikkje
        kva kven kvar korleis kvifor ein eit frå vere vert me dei
    """,
    "pt": """
        que qual quais quem quando onde como porquê porque quanto quanta quantos quantas o a os as um uma uns umas do
        da dos das de no na nos nas ao à aos às em com por pelo pela pelos pelas para e ou é são era eram foi foram
        ser está estão estar há tem têm tenho temos ter pode podem posso podemos deve devem devo eu tu ele ela nós
        eles elas você vocês me te se lhe meu minha meus minhas teu seu sua seus suas nosso nossa nossos este esta
        estes estas esse essa isso isto aquele mas
    """,
    "ro": """
        ce care cine cui când cand unde cum cât cat câtă câți câte câţi de la în in din pe cu pentru prin spre un o
        unei unui unor niște și si sau este e sunt era erau fi fost a au am ai are avem aveți au poate pot putem
        trebuie eu tu el ea noi voi ei ele mă te se ne vă îl îi i le lui lor meu mea mei tău său sa nostru noastră
        acest această acești aceste acel acea să că dacă dar al ale
    """,
    "ru": """
        что кто кого кому чем какой какая какое какие каких каким какую который которая которое которые которых когда
        где куда откуда как почему зачем сколько чей чья и или а но в во на с со к ко по о об от до из у за при для
        про через это этот эта эти этого этой того та те тот то я ты он она оно мы вы они меня мне нас нам вас вам его
        ее её их ему ей им мой моя мои наш наша наше наши ваш ваша быть был была было были есть будет будут ли же бы
        если чтобы можно нужно надо должен должна должны может могут могу у
    """,
    "sv": """
        vad vem vilka vilken vilket var vart när hur varför vems är vara varit blir blev bli har hade ha kan kunde ska
        skall skulle vill ville måste får jag du han hon den det vi ni de dem mig dig honom henne oss er min mitt mina
        din ditt dina vår vårt våra deras sin sitt sina en ett och eller men att som i på av till från för med om vid
        under över efter in ut upp så också då denna detta dessa man något någon några många mycket finns gör
    """,
    "ta": """
        என்ன எது எவை யார் எப்போது எங்கே எங்கு எப்படி ஏன் எத்தனை எவ்வளவு எந்த ஒரு இந்த அந்த இது அது அவை இவை மற்றும்
        அல்லது உள்ள உள்ளது ஆகும் என்று என்பது நான் நீ நீங்கள் அவர் அவள் அவன் நாம் நாங்கள் அவர்கள் இருந்து மூலம்
        வேண்டும் முடியும் பற்றி
    """,
    "tr": """
        ne neden nedir nasıl niçin niye kim kimin kimdir kime nerede nereye nereden hangi hangisi hangileri kaç kadar
        bir ve veya ya ile için de da ki bu şu o ben sen biz siz onlar benim senin onun bizim sizin onların mi mı mu
        mü midir mıdır olan olarak olur var vardır gibi göre daha çok en her ise eğer
    """,
}

STOP_WORDS: Mapping[str, frozenset[str]] = MappingProxyType(
    {language: frozenset(words.split()) | frozenset(words.casefold().split()) for language, words in _WORDS.items()}
)
"""ISO 639-1 code → words, for every language that the lexical index can stem. In lower case, and as `casefold` makes
them where that differs."""
