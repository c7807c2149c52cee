"""What the demo company's people, firms and places are made of. Invented combinations of ordinary words."""

import datetime

FIRST = {
    "PL": {"m": "Adam Aleksander Andrzej Antoni Bartosz Dariusz Filip Grzegorz Jakub Jan Kacper Kamil Krzysztof Łukasz Maciej "
                "Marcin Marek Mateusz Michał Paweł Piotr Rafał Robert Sebastian Stanisław Szymon Tomasz Wojciech Zbigniew",
           "f": "Agata Agnieszka Aleksandra Alicja Anna Barbara Beata Dorota Elżbieta Ewa Hanna Iwona Joanna Julia Karolina "
                "Katarzyna Magdalena Małgorzata Maria Marta Monika Natalia Olga Paulina Renata Sylwia Urszula Weronika Zofia"},
    "CZ": {"m": "Jiří Petr Pavel Tomáš Martin Lukáš Ondřej Václav", "f": "Jana Eva Lenka Kateřina Petra Zuzana Tereza Hana"},
    "SK": {"m": "Peter Ján Jozef Milan Marek Ľuboš Štefan", "f": "Mária Zuzana Katarína Ivana Lucia Jana Ľudmila"},
    "DE": {"m": "Jürgen Klaus Stefan Uwe Matthias Björn Jörg", "f": "Ursula Sabine Katrin Jutta Bärbel Anke Heike"},
    "LT": {"m": "Jonas Tomas Mindaugas Darius Žygimantas", "f": "Rasa Ona Eglė Jūratė Živilė"},
    "UA": {"m": "Oleksandr Andrij Serhij Mykoła Wołodymyr", "f": "Ołena Natalija Oksana Iryna Switłana"},
}

# Polish surnames with both forms where they differ.
LAST_PL = [tuple(name.split("/")) if "/" in name else (name, name) for name in (
    "Adamczyk Baran Bąk Borkowski/Borkowska Błaszczyk Chmielewski/Chmielewska Czarnecki/Czarnecka Czerwiński/Czerwińska "
    "Dąbrowski/Dąbrowska Duda Dudek Gajewski/Gajewska Głowacki/Głowacka Górski/Górska Grabowski/Grabowska Jabłoński/Jabłońska "
    "Jakubowski/Jakubowska Jankowski/Jankowska Jasiński/Jasińska Kaczmarek Kalinowski/Kalinowska Kamiński/Kamińska "
    "Kołodziej Kowalczyk Kozłowski/Kozłowska Krajewski/Krajewska Król Kubiak Kucharski/Kucharska Lewandowski/Lewandowska Lis "
    "Maciejewski/Maciejewska Majewski/Majewska Malinowski/Malinowska Mazur Michalak Michalski/Michalska Mróz Nowacki/Nowacka "
    "Nowicki/Nowicka Olszewski/Olszewska Ostrowski/Ostrowska Pawlak Pawłowski/Pawłowska Pietrzak Piotrowski/Piotrowska "
    "Przybylski/Przybylska Rutkowski/Rutkowska Sadowski/Sadowska Sawicki/Sawicka Sikora Sikorski/Sikorska Sobczak Stępień "
    "Szczepański/Szczepańska Szewczyk Szulc Szymański/Szymańska Tomaszewski/Tomaszewska Urbański/Urbańska Walczak Wasilewski/Wasilewska "
    "Wieczorek Wilk Wiśniewski/Wiśniewska Wojciechowski/Wojciechowska Woźniak Wróbel Wysocki/Wysocka Zając Zalewski/Zalewska "
    "Zawadzki/Zawadzka Zieliński/Zielińska Ziółkowski/Ziółkowska Żak").split()]

LAST = {
    "CZ": [("Novák", "Nováková"), ("Svoboda", "Svobodová"), ("Dvořák", "Dvořáková"), ("Černý", "Černá"), ("Procházka", "Procházková")],
    "SK": [("Horváth", "Horváthová"), ("Kováč", "Kováčová"), ("Tóth", "Tóthová"), ("Šimko", "Šimková")],
    "DE": [(n, n) for n in "Müller Schäfer Köhler Krüger Weiß Grünwald Jäger".split()],
    "LT": [("Kazlauskas", "Kazlauskienė"), ("Petrauskas", "Petrauskienė"), ("Žukauskas", "Žukauskienė")],
    "UA": [("Kowalenko", "Kowalenko"), ("Szewczenko", "Szewczenko"), ("Bojko", "Bojko"), ("Melnyk", "Melnyk")],
}

# City, latitude, longitude, postal code prefix, telephone prefix, voivodeship or region, weight.
CITIES = {
    "PL": [("Warszawa", "52.2297", "21.0122", "00", "22", "mazowieckie", 9), ("Kraków", "50.0614", "19.9366", "30", "12", "małopolskie", 6),
           ("Łódź", "51.7592", "19.4560", "90", "42", "łódzkie", 5), ("Wrocław", "51.1079", "17.0385", "50", "71", "dolnośląskie", 5),
           ("Poznań", "52.4064", "16.9252", "60", "61", "wielkopolskie", 5), ("Gdańsk", "54.3520", "18.6466", "80", "58", "pomorskie", 4),
           ("Szczecin", "53.4285", "14.5528", "70", "91", "zachodniopomorskie", 3), ("Bydgoszcz", "53.1235", "18.0084", "85", "52", "kujawsko-pomorskie", 3),
           ("Lublin", "51.2465", "22.5684", "20", "81", "lubelskie", 3), ("Białystok", "53.1325", "23.1688", "15", "85", "podlaskie", 2),
           ("Katowice", "50.2649", "19.0238", "40", "32", "śląskie", 4), ("Rzeszów", "50.0412", "21.9991", "35", "17", "podkarpackie", 2),
           ("Toruń", "53.0138", "18.5984", "87", "56", "kujawsko-pomorskie", 2), ("Kielce", "50.8661", "20.6286", "25", "41", "świętokrzyskie", 2),
           ("Olsztyn", "53.7784", "20.4801", "10", "89", "warmińsko-mazurskie", 2), ("Opole", "50.6751", "17.9213", "45", "77", "opolskie", 1),
           ("Zielona Góra", "51.9356", "15.5062", "65", "68", "lubuskie", 1), ("Nowy Sącz", "49.6249", "20.6915", "33", "18", "małopolskie", 1)],
    "CZ": [("Praha", "50.0755", "14.4378", "110", "2", "Praha", 3), ("Brno", "49.1951", "16.6068", "602", "5", "Jihomoravský", 2),
           ("Ostrava", "49.8209", "18.2625", "702", "5", "Moravskoslezský", 2)],
    "SK": [("Bratislava", "48.1486", "17.1077", "811", "2", "Bratislavský", 2), ("Košice", "48.7164", "21.2611", "040", "55", "Košický", 1),
           ("Žilina", "49.2194", "18.7408", "010", "41", "Žilinský", 1)],
    "DE": [("Berlin", "52.5200", "13.4050", "10", "30", "Berlin", 3), ("Dresden", "51.0504", "13.7373", "01", "351", "Sachsen", 2),
           ("Görlitz", "51.1506", "14.9689", "02", "3581", "Sachsen", 1)],
    "LT": [("Vilnius", "54.6872", "25.2797", "01", "5", "Vilniaus", 2), ("Kaunas", "54.8985", "23.9036", "44", "37", "Kauno", 1)],
    "UA": [("Lwów", "49.8397", "24.0297", "79", "32", "obwód lwowski", 2), ("Łuck", "50.7472", "25.3254", "43", "33", "obwód wołyński", 1)],
}

STREETS = {
    "PL": "Polna Leśna Słoneczna Krótka Szkolna Ogrodowa Lipowa Brzozowa Łąkowa Kwiatowa Sosnowa Kościelna Akacjowa Parkowa Zielona "
          "Długa Wąska Młyńska Rowerowa Fabryczna Kolejowa Dworcowa Rynkowa Mostowa Wiśniowa Źródlana Świerkowa Górna Dolna Wodna".split(),
    "CZ": "Nádražní Husova Zahradní Lipová Školní".split(), "SK": "Hlavná Školská Záhradná Mlynská".split(),
    "DE": "Hauptstraße Bahnhofstraße Gartenweg Lindenallee Mühlgasse".split(), "LT": "Liepų Sodų Vilniaus Tilto".split(),
    "UA": "Zelena Sadowa Franka Łesi-Ukrainky".split(),
}

SHOP_A = "Rower Koło Dwa-Kółka Szprycha Łańcuch Jednoślad Cyklo Velo Szlak Trasa Pedał Ścieżka Przełaj Wicher Zakręt Meta".split()
SHOP_B = "Centrum Świat Plus Sport Serwis Pro Max Hurt Salon Express Mania Partner Komplet System Premium Eko".split()
MAKER_A = "Stal Alu Karbon Guma Metal Lakier Tokar Spaw Tech Form Profil Ramex Hamul Sprzęg".split()
MAKER_B = "mex pol bud form tech prod met trans -Serwis hurt".split()
LEGAL = {"PL": ["sp. z o.o.", "sp. z o.o.", "sp. k.", "S.A.", "s.c.", ""], "CZ": ["s.r.o."], "SK": ["s.r.o."], "DE": ["GmbH", "GmbH & Co. KG"],
         "LT": ["UAB"], "UA": ["TOW"]}

PROFESSIONS = [("właściciel", 5), ("kierownik sklepu", 6), ("zaopatrzeniowiec", 5), ("główny księgowy", 2), ("dyrektor handlowy", 3),
               ("serwisant", 3), ("prezes zarządu", 2), ("specjalista ds. zakupów", 5)]

TOPICS = ["rowery miejskie na sezon", "rowery elektryczne do wypożyczalni", "ramy na zamówienie", "części zamienne", "rowery cargo dla kurierów",
          "flota firmowa", "rowery dziecięce", "koła i obręcze", "przeglądy gwarancyjne", "rowery trekkingowe", "stojaki dla gminy",
          "akcesoria i oświetlenie", "rowery szosowe dla klubu", "próbna partia e-bike", "doposażenie serwisu"]

TODAY = datetime.date(2026, 11, 20)  # the company's last working day: nothing depends on when the demo is built
BIKES = [("Miejski Toruń", 2190), ("Miejski Bydgoszcz", 2490), ("Trekking Bory", 3290), ("Trekking Kaszuby", 3890), ("Elektryczny Prąd", 8490),
         ("Elektryczny Prąd XL", 9990), ("Cargo Wół", 11900), ("Szosa Wicher", 6490), ("Gravel Żwir", 5790), ("Dziecięcy Iskra 16", 890),
         ("Dziecięcy Iskra 20", 1090), ("Składany Walizka", 2690)]
PARTS = [("Koło przednie 28", 189), ("Koło tylne 28", 229), ("Rama stalowa M", 640), ("Rama aluminiowa L", 890), ("Łańcuch 9-rzędowy", 79),
         ("Hamulec tarczowy", 259), ("Siodełko komfortowe", 119), ("Bagażnik tylny", 99), ("Lampka USB", 49), ("Błotniki komplet", 69)]
RATES = {"EUR": 4.28, "CZK": 0.172, "USD": 3.95, "UAH": 0.095}


def ref(external_id):
    return {"external_id": external_id}
