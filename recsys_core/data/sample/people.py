"""The people of every domain: names, ages, occupations and regions, the same for one seed in all domains."""

from __future__ import annotations

import numpy as np
import pandas as pd

GENDERS = {"woman": 0.49, "man": 0.48, "non-binary": 0.03}
REGIONS = {"north": 0.23, "south": 0.21, "east": 0.19, "west": 0.21, "islands": 0.16}
DEVICES = {"phone": 0.6, "laptop": 0.28, "tablet": 0.12}
AGES = (18, 80)

# occupation: youngest, oldest, typical income in thousand euros a year, how common
OCCUPATIONS = {
    "student": (18, 28, 15, 9),
    "nurse": (21, 66, 38, 4),
    "teacher": (24, 66, 46, 4),
    "engineer": (24, 66, 62, 4),
    "cook": (18, 64, 27, 2),
    "shop assistant": (18, 66, 26, 4),
    "electrician": (19, 65, 41, 3),
    "doctor": (28, 69, 92, 2),
    "lawyer": (27, 70, 85, 1.5),
    "graphic designer": (22, 64, 40, 2),
    "bus driver": (22, 66, 33, 2),
    "accountant": (23, 66, 50, 3),
    "software developer": (21, 64, 64, 4),
    "carpenter": (18, 65, 36, 2),
    "journalist": (23, 68, 44, 1.5),
    "librarian": (24, 66, 39, 1),
    "farmer": (20, 75, 34, 1.5),
    "police officer": (21, 62, 45, 2),
    "researcher": (25, 70, 55, 2),
    "hairdresser": (18, 66, 24, 2),
    "project manager": (28, 66, 72, 3),
    "retired": (61, 80, 28, 24),
}

WOMEN = """
Anna Maria Elena Sofia Julia Laura Katharina Lena Emma Clara Marta Ines Beatriz Chiara Giulia Francesca
Camille Amelie Louise Margaux Ingrid Astrid Freja Linnea Saga Aino Helmi Zofia Hanna Agnieszka Petra Jana Eva Klara
Ilona Zsofia Ioana Mirela Daria Olga Irina Leyla Aylin Fatima Amina Nour Mei Yuki Priya Ananya Grace Hannah Alice
Charlotte Niamh Aoife Ruth Esther Nadia Rosa
"""
MEN = """
Jonas Lukas Felix Paul Max Tobias Stefan Andreas Marco Luca Matteo Lorenzo Antonio Miguel Pablo Javier Diego
Hugo Louis Antoine Julien Mathis Erik Lars Anders Magnus Nils Oskar Mikko Juhani Jakub Tomasz Piotr Marek Jan Ondrej
Bence Gabor Andrei Mihai Dmitri Pavel Emre Kerem Omar Yusuf Karim Wei Kenji Arjun Rohan Samuel Daniel Thomas James
Oliver Sean Conor David Elias
"""
FAMILIES = """
Keller Weber Schneider Fischer Hoffmann Brandt Vogel Lindner Baumann Krause Rossi Bianchi Ferrari Romano
Conti Marino Moreau Lefevre Dubois Girard Fontaine Mercier Garcia Navarro Ortega Castillo Serrano Vidal Silva Ferreira
Almeida Pereira Costa Andersson Lindqvist Nyberg Holm Eriksen Haugen Dahl Jensen Sorensen Korhonen Laine Niemi Nowak
Kowalski Wojcik Zielinski Mazur Novak Dvorak Svoboda Horvat Kovac Nagy Szabo Toth Popescu Ionescu Marin Petrov Ivanova
Sokolov Yilmaz Demir Kaya Haddad Rahman Aziz Chen Wang Tanaka Sato Sharma Patel Mehta Murphy Walsh Byrne Doyle Clarke
Hughes Bennett Foster Palmer Reed Janssen de_Vries Bakker Visser Peeters Claes Maes Huber Steiner Gruber Egger
Zimmermann Meier Frei
"""


def draw_people(seed: int, n_users: int) -> pd.DataFrame:
    """One row a person; only the seed decides, so that user 17 is the same person in every domain."""
    rng = np.random.default_rng([seed, 0])
    gender = _choose(rng, GENDERS, n_users)
    low, high = AGES
    age = (low + (high - low) * rng.beta(1.5, 1.9, n_users)).round().astype(int)
    occupation = [_occupation(rng, a) for a in age]
    typical = np.array([OCCUPATIONS[o][2] for o in occupation])
    return pd.DataFrame(
        {
            "user_id": np.arange(1, n_users + 1),
            "name": _names(rng, gender),
            "age": age,
            "gender": gender,
            "income": (typical * np.exp(rng.normal(0, 0.25, n_users))).round().astype(int),
            "occupation": occupation,
            "region": _choose(rng, REGIONS, n_users),
            "device": _choose(rng, DEVICES, n_users),
        }
    )


def _choose(rng: np.random.Generator, shares: dict[str, float], n: int) -> np.ndarray:
    return rng.choice(np.array(list(shares), dtype=object), size=n, p=list(shares.values()))


def _occupation(rng: np.random.Generator, age: int) -> str:
    fitting = {o: common for o, (low, high, _, common) in OCCUPATIONS.items() if low <= age <= high}
    weights = np.array(list(fitting.values()))
    return str(rng.choice(list(fitting), p=weights / weights.sum()))


def _names(rng: np.random.Generator, gender: np.ndarray) -> list[str]:
    """Full names, each given once."""
    families = FAMILIES.split()
    first = {"woman": WOMEN.split(), "man": MEN.split(), "non-binary": (WOMEN + MEN).split()}
    used: set[str] = set()
    names = []
    for g in gender:
        name = None
        while name is None or name in used:
            name = f"{rng.choice(first[g])} {rng.choice(families)}".replace("_", " ")
        used.add(name)
        names.append(name)
    return names
