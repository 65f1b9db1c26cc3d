"""Names of the synthetic company's people and places, from fourteen cultures."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

#: Lower-case Latin letters that Unicode does not decompose into a plain letter and a mark.
_PLAIN = str.maketrans({"ß": "ss", "ø": "o", "æ": "ae", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"})


@dataclass(frozen=True, slots=True)
class Word:
    """A name as its bearer writes it, and in the letters of an account name."""

    native: str
    ascii: str


@dataclass(frozen=True, slots=True)
class City:
    """A site of the company; `code` is the three letters of its airport."""

    name: str
    country: str
    code: str


@dataclass(frozen=True, slots=True)
class Culture:
    """Names that go together, and the cities where their bearers mostly work."""

    given: tuple[Word, ...]
    family: tuple[Word, ...]
    cities: tuple[City, ...]
    family_first: bool

    def display(self, given: Word, family: Word) -> str:
        """The full name in the culture's own order."""
        if self.family_first:
            return f"{family.native} {given.native}"
        return f"{given.native} {family.native}"


def account_letters(name: str) -> str:
    """The name in the letters of an account name.

    >>> account_letters("Siobhán O'Brien-Müller")
    'siobhanobrien-muller'
    """
    plain = unicodedata.normalize("NFKD", name.lower().translate(_PLAIN))
    return "".join(c for c in plain if c.isascii() and (c.isalnum() or c == "-"))


def _words(text: str) -> tuple[Word, ...]:
    pairs = [part.strip().partition(":") for part in text.split(",")]
    return tuple(Word(native, roman or account_letters(native)) for native, _, roman in pairs)


def _culture(given: str, family: str, cities: str, *, family_first: bool = False) -> Culture:
    places = [part.strip().split("/") for part in cities.split(",")]
    sites = tuple(City(name, country, code) for name, country, code in places)
    return Culture(_words(given), _words(family), sites, family_first)


#: Names in other scripts carry their romanisation after a colon.
CULTURES: tuple[Culture, ...] = (
    _culture(
        "Amanda, Brian, Chloe, Daniel, Emily, Frank, Grace, Henry, Imogen, Jack, Karen, Liam, Megan, Noah, Olivia, "
        "Peter, Quentin, Rachel, Samuel, Tamara, Victor, Wendy, Zoë, Renée",
        "Ross, Walker, Carter, Bennett, Clarke, Davies, Edwards, Foster, Griffin, Hughes, Ingram, Johnson, Knight, "
        "Lawson, Mitchell, Nolan, Owens, Parker, Reed, Smith-Jones, Taylor, Underwood, Ward, Young",
        "New York/United States/JFK, Austin/United States/AUS, Chicago/United States/ORD, Toronto/Canada/YYZ, "
        "London/United Kingdom/LHR, Manchester/United Kingdom/MAN, Sydney/Australia/SYD",
    ),
    _culture(
        "Aoife, Cillian, Niamh, Seán, Siobhán, Pádraig, Róisín, Eoin, Gráinne, Conor, Órla, Tadhg",
        "O'Brien, O'Connor, O'Sullivan, Ní Dhomhnaill, Murphy, Kelly, Byrne, Ó Súilleabháin, Gallagher, McCarthy, "
        "D'Arcy, Fitzgerald-O'Neill",
        "Dublin/Ireland/DUB, Cork/Ireland/ORK, Belfast/United Kingdom/BFS",
    ),
    _culture(
        "Jürgen, Käthe, Björn, Anneliese, Karl-Heinz, Günther, Ursula, Lukas, Leonie, Matthias, Sören, Jörg, Heike, "
        "Franziska, Ulrich, Zoë",
        "Müller, Schäfer, Weiß, Groß, Köhler, Böhm, Schröder, von der Heide, Krüger, Vogel, Lüdenscheidt-Meyer, "
        "Fröhlich, Bauer, Zimmermann, Jäger, Strauß",
        "Munich/Germany/MUC, Frankfurt/Germany/FRA, Walldorf/Germany/QXW, Vienna/Austria/VIE, Zürich/Switzerland/ZRH",
    ),
    _culture(
        "Amélie, Benoît, Chloé, François, Geneviève, Hélène, Jean-Luc, Loïc, Marie-Claire, Noël, Océane, Rémi, Solène, "
        "Thérèse, Étienne, Gaël",
        "Lefèvre, Dubois, d'Estaing, Beaumont, L'Hôpital, Gérard, Châtelain, Moreau, Faure-Martin, Lemaître, Besançon, "
        "Roüault, Duchêne, Girard, Mallarmé, N'Diaye",
        "Paris/France/CDG, Lyon/France/LYS, Genève/Switzerland/GVA, Montréal/Canada/YUL, Bruxelles/Belgium/BRU",
    ),
    _culture(
        "José, María, Íñigo, Begoña, Andrés, Lucía, Joaquín, Sofía, Raúl, Inés, Álvaro, Mónica, Jesús, Concepción, "
        "Ramón, Ángela",
        "García, Núñez, Muñoz, de la Cruz, Rodríguez-López, Ibáñez, Peña, Gutiérrez, Ordóñez, Vázquez, Martín, "
        "Sáenz de Miera, Quiñones, Herrera, Pérez, Yáñez",
        "Madrid/Spain/MAD, Barcelona/Spain/BCN, Ciudad de México/Mexico/MEX, Bogotá/Colombia/BOG, "
        "Buenos Aires/Argentina/EZE",
    ),
    _culture(
        "João, Conceição, Antônio, Fátima, Luís, Letícia, Otávio, Patrícia, Vinícius, Simão, Inês, Estevão",
        "Gonçalves, Araújo, Magalhães, da Conceição, Falcão, Simões, Assunção, Brandão, Guimarães, Sá-Carneiro, "
        "D'Ávila, Mourão",
        "São Paulo/Brazil/GRU, Rio de Janeiro/Brazil/GIG, Lisboa/Portugal/LIS, Porto/Portugal/OPO",
    ),
    _culture(
        "Åsa, Björn, Søren, Mette, Ólafur, Þóra, Kjell, Sølvi, Jørgen, Päivi, Mikael, Linnéa, Håkon, Øystein",
        "Ångström, Sørensen, Kjær, Lindström, Nygård, Bjørnstad, Hämäläinen, Mäkelä, Víðalín, Østergaard, "
        "Sjöberg, Håland, Öberg, Grønvold",
        "Stockholm/Sweden/ARN, København/Denmark/CPH, Oslo/Norway/OSL, Helsinki/Finland/HEL, Reykjavík/Iceland/KEF",
    ),
    _culture(
        "Łukasz, Małgorzata, Jiří, Zdeněk, Kateřina, Ágnes, László, Božena, Đorđe, Ștefan, Ondřej, Grażyna",
        "Wałęsa, Dvořák, Kowalczyk, Janků, Szabó, Čapek, Wiśniewska-Gołąb, Němec, Horváth, Đorđević, Țiriac, "
        "Brzęczyszczykiewicz",
        "Kraków/Poland/KRK, Warszawa/Poland/WAW, Praha/Czechia/PRG, Budapest/Hungary/BUD, București/Romania/OTP",
    ),
    _culture(
        "Ayşe, Çağlar, Gökçe, İbrahim, Ömer, Şule, Tuğba, Yıldız, Işık, Kürşat",
        "Yılmaz, Öztürk, Çelik, Şahin, Doğan, Kılıç, Güneş, Aydın, İnönü, Koçak",
        "İstanbul/Türkiye/IST, Ankara/Türkiye/ESB",
    ),
    _culture(
        "Алексей:alexey, Мария:maria, Дмитрий:dmitry, Ольга:olga, Сергей:sergey, Наталья:natalya, Артём:artyom, "
        "Ксения:xenia, Юрий:yuri, Людмила:lyudmila, Тарас:taras, Оксана:oksana",
        "Шевченко:shevchenko, Ященко:yashchenko, Черных:chernykh, Долгих:dolgikh, Коваленко:kovalenko, "
        "Щерба:shcherba, Мельник:melnyk, Жук-Новак:zhuk-novak, Гайдай:gaidai, Соловей:solovey, Ёж:yozh",
        "Алматы/Kazakhstan/ALA, Київ/Ukraine/KBP, Riga/Latvia/RIX",
    ),
    _culture(
        "محمد:mohammed, فاطمة:fatima, عبد الله:abdullah, ليلى:layla, يوسف:yousef, مريم:mariam, خالد:khaled, "
        "نور:nour, عمر:omar, زينب:zainab",
        "الحسيني:al-husseini, المصري:al-masri, بن سعيد:bin-said, القاسمي:al-qasimi, حداد:haddad, النجار:al-najjar, "
        "منصور:mansour, الشريف:al-sharif, خوري:khoury, العتيبي:al-otaibi",
        "Dubai/United Arab Emirates/DXB, Riyadh/Saudi Arabia/RUH, Cairo/Egypt/CAI",
    ),
    _culture(
        "太郎:taro, 花子:hanako, 健一:kenichi, 美咲:misaki, 翔太:shota, さくら:sakura, 直樹:naoki, 陽子:yoko, "
        "大輔:daisuke, 彩香:ayaka, 誠:makoto, 恵:megumi",
        "山田:yamada, 佐藤:sato, 鈴木:suzuki, 高橋:takahashi, 渡辺:watanabe, 小林:kobayashi, 齋藤:saito, 加藤:kato, "
        "吉田:yoshida, 長谷川:hasegawa, 森:mori, 橋本:hashimoto",
        "東京/Japan/HND, 大阪/Japan/KIX, Nagoya/Japan/NGO",
        family_first=True,
    ),
    _culture(
        "伟:wei, 芳:fang, 娜:na, 秀英:xiuying, 敏:min, 静:jing, 강민:kangmin, 서연:seoyeon, 지훈:jihoon, "
        "小龙:xiaolong, 雅婷:yating, 志明:zhiming",
        "王:wang, 李:li, 张:zhang, 刘:liu, 陈:chen, 欧阳:ouyang, 김:kim, 박:park, 이:lee, 黃:huang, 司马:sima, 林:lin",
        "上海/China/PVG, 北京/China/PEK, Singapore/Singapore/SIN, 서울/South Korea/ICN, 台北/Taiwan/TPE",
        family_first=True,
    ),
    _culture(
        "Aarav, Priya, Rohan, Ananya, Vikram, Deepika, Arjun, Kavya, Sanjay, Meera, Nguyễn Thị:nguyen-thi, Văn:van",
        "Sharma, Patel, Krishnamurthy, Iyer, Reddy, Chatterjee, Singh, Mukherjee, Gupta-Rao, Nair, Phạm, Trần",
        "Bengaluru/India/BLR, Pune/India/PNQ, Mumbai/India/BOM, Hà Nội/Vietnam/HAN",
    ),
)

CITIES: tuple[City, ...] = tuple(city for culture in CULTURES for city in culture.cities)
