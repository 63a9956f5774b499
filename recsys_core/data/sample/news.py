"""The news site: its stories, its planted preferences and its lossy records, all of it data."""

from __future__ import annotations

from recsys_core.data.sample.domain import Domain, ItemColumn, Recording, product_category
from recsys_core.data.sample.effects import Bell, Levels, Line, Match, Parabola, Pull

# What the label before a headline adds.
LABELS = {
    "analysis": 0.25,
    "exclusive": 0.65,
    "explained": 0.5,
    "interview": 0.2,
    "investigation": 0.9,
    "live": 0.0,
    "opinion": -0.15,
    "podcast": -0.45,
    "quiz": -0.4,
    "rumour": -0.7,
    "sponsored": -1.1,
    "update": 0.1,
}

PUBLISHERS = {
    "Alder Courier": 0.65,
    "Bellweather": -0.25,
    "Corvid Review": 0.4,
    "Daily Meridian": -0.8,
    "Estuary Post": 0.15,
    "Fjordlight": 0.85,
    "Granite Herald": 0.25,
    "Hollin Mail": -0.5,
    "Ironmoor Echo": -0.05,
    "Juniper Weekly": 0.5,
    "Kestrel Wire": -0.4,
    "Lanternport Gazette": 0.0,
    "Morrow & Vale": 0.7,
    "Nine O'Clock": -0.9,
    "Old Quay Dispatch": -0.15,
}

SECTION_AGES = {
    "business": 46,
    "culture": 52,
    "food": 35,
    "health": 66,
    "politics": 58,
    "science": 40,
    "sport": 32,
    "technology": 25,
    "travel": 44,
    "world": 28,
}

HARD = "exclusive investigation analysis explained opinion rumour"
LIVE = "live update analysis exclusive opinion sponsored"
SOFT = "interview podcast quiz explained opinion sponsored exclusive"


SECTIONS = (
    product_category(
        "business",
        "Alder Courier, Daily Meridian, Granite Herald, Kestrel Wire, Old Quay Dispatch",
        (
            HARD,
            "the bank that lent too much 9, why bread costs more again 5, who really owns the high street 8,"
            " the merger nobody wanted 6, where the pension money went 10, small firms and the new tax form 5,"
            " the port that handles half our trade 7, what the rate rise means for tenants 4,"
            " the family behind the cheap furniture 11, a start-up that ran out of cash 6",
        ),
        (
            LIVE,
            "markets open after a long weekend 2, shipping line cuts a third of its routes 3,"
            " airline staff vote on a strike 3, carmaker recalls electric vans 2, central bank holds its rate 3,"
            " supermarket chain names a new head 2, glassworks to close after a century 4,"
            " energy bills fall for the first time in years 3, wages grow faster than prices 3,"
            " brewery and union reach a deal 2",
        ),
    ),
    product_category(
        "culture",
        "Corvid Review, Fjordlight, Juniper Weekly, Hollin Mail, Morrow & Vale",
        (
            SOFT,
            "the novelist who burns her drafts 9, forty years of a village theatre 7, a museum of broken clocks 5,"
            " the band that records in a lighthouse 6, painting the same hill every day 5,"
            " how a silent film found its sound 8, the last hand-set newspaper 6, songs from the night shift 4,"
            " a choir of two hundred strangers 5, the dancer who began at sixty 7",
        ),
        (
            HARD,
            "who decides what a museum returns 10, the prize that divides poets 6, streaming and the small cinema 7,"
            " a forged portrait in plain sight 9, why concert tickets cost so much 5,"
            " libraries and their quiet revival 6, the festival that lost its field 4,"
            " the opera house over budget 8, translators and the machines 7, what happened to the B-side 4",
        ),
    ),
    product_category(
        "food",
        "Bellweather, Estuary Post, Fjordlight, Juniper Weekly, Nine O'Clock",
        (
            SOFT,
            "one pot and five weekday dinners 4, the baker who gave up flour 6, a market that opens at four 5,"
            " grandmother's plum dumplings 3, the cook of the polar station 8, how to salt a tomato 2,"
            " cheese caves under the railway 7, three soups for a cold week 3, tea growers on a windy island 6,"
            " the honest guide to olive oil 5",
        ),
        (
            HARD,
            "what is in a supermarket sausage 8, why honey is so often fake 9, the fight over the word milk 5,"
            " restaurants without waiters 6, the true price of a cheap coffee 7, salt and what the studies say 6,"
            " school lunches and who pays 5, the fish that is never what it says 9, sugar tax after three years 5,"
            " the kitchen that never throws away 6",
        ),
    ),
    product_category(
        "health",
        "Alder Courier, Corvid Review, Granite Herald, Lanternport Gazette, Nine O'Clock",
        (
            SOFT,
            "sleeping well after fifty 5, the nurse on the night ferry 7, walking as medicine 4,"
            " a stammer and how it went 6, how to talk to a worried teenager 5, what a good knee needs 4,"
            " the doctor who prescribes gardens 6, life with half the hearing 8, breathing exercises put to the test 4,"
            " the year without alcohol 7",
        ),
        (
            HARD,
            "the long wait for a hip 8, who checks the vitamin sellers 9, a vaccine and its odd side effect 7,"
            " why rural clinics are closing 8, the blood test that promises too much 6,"
            " antibiotics on the farm next door 9, what the new blood pressure limit means 4,"
            " the drug nobody wants to make 10, screening and its false alarms 6, hospital food under scrutiny 5",
        ),
    ),
    product_category(
        "politics",
        "Daily Meridian, Estuary Post, Granite Herald, Kestrel Wire, Old Quay Dispatch",
        (
            HARD,
            "the donors behind the new party 10, a coalition held by one vote 6, the minister and the missing diary 9,"
            " how the housing bill was watered down 8, why the young stay at home 5, the mayor who says no 6,"
            " a constitution for the islands 8, who writes the speeches 7, the village that votes for everyone 5,"
            " lobbyists and their open door 9",
        ),
        (
            LIVE,
            "parliament debates the water bill 3, polls close in three regions 2, cabinet meets after the storm 2,"
            " treasury sets out next year's budget 4, opposition elects a leader 3, court rules on postal votes 3,"
            " border talks enter a second night 2, mayors ask for more trams 3, speaker calls for order again 2,"
            " school reform passes its first reading 4",
        ),
    ),
    product_category(
        "science",
        "Corvid Review, Fjordlight, Ironmoor Echo, Lanternport Gazette, Morrow & Vale",
        (
            SOFT,
            "the woman who counts beetles 7, a telescope built in a barn 6, why cats always land 4,"
            " the sound of a melting glacier 6, mathematics with a skipping rope 5, what crows remember 5,"
            " a seed bank on the edge of the ice 8, the physicist who plays accordion 6, how deep is the sea really 4,"
            " the fossil in the garden wall 5",
        ),
        (
            HARD,
            "the study that could not be repeated 9, who owns the moon's ice 8, a battery made of salt 6,"
            " microplastics and what we know 7, the comet that came too close 5, why the models missed the flood 8,"
            " gene tests for sale 9, the lab that kept its data 10, fusion and its next promise 7,"
            " a dictionary of whale song 6",
        ),
    ),
    product_category(
        "sport",
        "Bellweather, Daily Meridian, Hollin Mail, Ironmoor Echo, Nine O'Clock",
        (
            LIVE,
            "cup final goes to penalties 2, rain delays the last stage 2, captain out for six weeks 2,"
            " swimmers name the relay team 3, marathon route moves to the river 3, hosts level in added time 2,"
            " club appeals against its points 3, sprinter breaks a record from 1988 3,"
            " goalkeeper signs for two more years 2, judo team comes home with gold 3",
        ),
        (
            SOFT,
            "the oldest rower on the lake 6, a stadium built by its fans 7, learning to fall like a climber 5,"
            " the referee who never shouts 6, chess in the boxing hall 5, twins on rival teams 6,"
            " the groundsman and his grass 4, a season with the worst team 8, what a coach says at half-time 5,"
            " the ski jumper afraid of heights 7",
        ),
    ),
    product_category(
        "technology",
        "Estuary Post, Hollin Mail, Ironmoor Echo, Kestrel Wire, Lanternport Gazette",
        (
            HARD,
            "who trains the chatbots 9, the app that counts your steps and sells them 8, a phone you can mend 5,"
            " why the tram tickets failed 7, the warehouse run by software 8, passwords and what comes next 5,"
            " the data centre that heats a pool 6, deepfakes in the council race 9, how the map got it wrong 6,"
            " repair cafés against the makers 6",
        ),
        (
            LIVE,
            "network down across the south 2, regulator fines a photo app 3, maker ends its smallest phone 2,"
            " police warn of parcel messages 2, satellite launch moves to Friday 2, browser drops its old add-ons 3,"
            " schools switch off phones at nine 3, payment cards fail for an hour 2,"
            " robot taxis get a second city 3, chip plant breaks ground 3",
        ),
    ),
    product_category(
        "travel",
        "Alder Courier, Bellweather, Juniper Weekly, Morrow & Vale, Old Quay Dispatch",
        (
            SOFT,
            "a night train to the salt coast 7, ten walks without a car 5, the inn with one table 5,"
            " islands that close in winter 6, learning to sail at forty 7, by bicycle along the old border 8,"
            " a week in a signal box 6, what to pack for four seasons 3, the slowest ferry in the north 6,"
            " hot springs and how to share them 4",
        ),
        (
            HARD,
            "towns that want fewer tourists 8, the price of a window seat 5, who cleans the beaches 7,"
            " why trains are late in spring 6, the resort built on sand 9, fake reviews and real hotels 8,"
            " a toll for the mountain road 5, the return of the sleeper car 6, lost luggage and where it ends 7,"
            " cruise ships and the harbour air 8",
        ),
    ),
    product_category(
        "world",
        "Fjordlight, Granite Herald, Kestrel Wire, Morrow & Vale, Old Quay Dispatch",
        (
            HARD,
            "the river that three nations share 9, a city that is sinking 8, voices from the border camp 10,"
            " the fishing war in cold waters 8, how a ceasefire holds 7, the country with two calendars 5,"
            " who pays for the rebuilt bridge 6, the election under curfew 8, gold mines in the rainforest 11,"
            " a generation that left 9",
        ),
        (
            LIVE,
            "storm reaches the eastern coast 2, envoys meet for the third time 2, airport reopens after ash 2,"
            " thousands march for clean water 3, summit ends without a statement 3, aid convoy crosses at dawn 2,"
            " volcano alert lowered a step 2, court orders a recount 3, new president sworn in 3,"
            " power returns to the capital 2",
        ),
    ),
)

NEWS = Domain(
    name="news",
    title="news demo",
    outcome="click",
    taken="read",
    categories=SECTIONS,
    amount=ItemColumn("length", "minutes", "minutes to read"),
    maker=ItemColumn("publisher", says="publisher (invented)"),
    quality=ItemColumn("freshness", "points", "how new the story is: the editors' score, 1 to 5 points"),
    decoy=ItemColumn("layout", says="shape of the teaser"),
    decoy_levels=("banner", "card", "column", "headline only", "picture left", "picture right"),
    title_form="{word}: {noun}",
    word_says="label",
    effects=(
        Bell("user.age", "item.category", SECTION_AGES, 12.0, 2.2, "age against the section's own age"),
        Parabola(
            "item.length",
            "user.income",
            40.0,
            5.0,
            -0.5,
            0.8,
            "length against the time people have: less, the more they earn",
        ),
        Line("item.freshness", 4.0, 0.75, "fresher stories are read more"),
        Levels("item.publisher", PUBLISHERS, "each publisher has its own pull"),
        Match("user.interest", "item.category", 1.6, "the declared interest is the story's section"),
        Levels("item.title", LABELS, "the label before the headline (no column holds it)"),
        Pull("history", "item.category", 0.45, "sections among the last 20 stories read attract again"),
    ),
    slopes=dict.fromkeys(("north", "south", "east", "west", "islands"), 1.0),
    recording=Recording(
        column="user.device",
        value="laptop",
        categories=("culture", "food", "health", "science", "travel"),
        share=0.9,
        cause="the old page for laptops did not report nine tenths of the reads in these sections until each"
        " reader's last fifth of impressions, so they stand in the log as not read",
    ),
)
