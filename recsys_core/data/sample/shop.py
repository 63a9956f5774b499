"""The shop: its catalogue's words and its planted preferences, all of it data."""

from __future__ import annotations

from recsys_core.data.sample.domain import Domain, ItemColumn, product_category
from recsys_core.data.sample.effects import Bell, Levels, Line, Match, Parabola, Pull

# What a word in the title adds: related words are close, as a text encoder sees them.
WORDS = {
    "classic": 0.15,
    "compact": -0.15,
    "durable": 0.25,
    "elegant": 0.45,
    "ergonomic": 0.5,
    "foldable": -0.45,
    "handmade": 0.85,
    "lightweight": 0.0,
    "organic": 0.9,
    "recycled": -0.7,
    "refurbished": -1.1,
    "sturdy": 0.2,
    "vintage": -0.4,
    "waterproof": 0.65,
}

BRANDS = {
    "Almhof": 0.65,
    "Brindley": -0.25,
    "Casa Lumen": 0.4,
    "Dunmore": -0.8,
    "Elvika": 0.15,
    "Fjordal": 0.85,
    "Grovewell": 0.25,
    "Hazelby": -0.5,
    "Ivoro": -0.05,
    "Juniper & Co": 0.5,
    "Kaleva": -0.4,
    "Lumero": 0.0,
    "Montrava": 0.7,
    "Nimbex": -0.9,
    "Ostara": -0.15,
}

CATEGORY_AGES = {
    "beauty": 25,
    "clothing": 32,
    "electronics": 28,
    "fitness": 36,
    "garden": 66,
    "home": 52,
    "kitchen": 58,
    "outdoor": 44,
    "shoes": 40,
    "toys": 34,
}


CATEGORIES = (
    product_category(
        "beauty",
        "Casa Lumen, Elvika, Ivoro, Juniper & Co, Ostara",
        (
            "organic handmade classic vintage elegant lightweight",
            "face cream 32, shampoo bar 11, lip balm 8, eau de parfum 72, hand cream 13, body oil 24, bath salts 15,"
            " face mask 17, soap set 14, beard oil 19, hair mask 21",
        ),
        (
            "compact lightweight ergonomic waterproof foldable durable elegant refurbished",
            "hair dryer 65, electric toothbrush 89, hair straightener 79, electric shaver 95, make-up mirror 35,"
            " hair trimmer 49, nail care set 27, toiletry bag 29",
        ),
    ),
    product_category(
        "clothing",
        "Brindley, Elvika, Fjordal, Hazelby, Montrava",
        (
            "classic elegant handmade recycled vintage organic lightweight",
            "linen shirt 55, denim jacket 79, wool jumper 69, summer dress 59, cotton trousers 49, cardigan 54,"
            " silk scarf 39, cotton pyjamas 38, hooded sweatshirt 48, knitted hat 22, pleated skirt 46",
        ),
        (
            "waterproof lightweight durable recycled classic foldable compact",
            "rain jacket 99, winter coat 159, cycling cape 45, softshell jacket 89, work trousers 62, umbrella 25,"
            " windbreaker 65",
        ),
    ),
    product_category(
        "electronics",
        "Dunmore, Ivoro, Kaleva, Lumero, Nimbex",
        (
            "compact lightweight refurbished durable ergonomic elegant classic foldable",
            "headphones 119, keyboard 69, computer mouse 39, tablet stand 25, desk microphone 85, game controller 58,"
            " photo printer 139, webcam 59, USB charger 22",
        ),
        (
            "waterproof compact durable refurbished lightweight vintage sturdy",
            "Bluetooth speaker 75, fitness watch 149, e-book reader 119, power bank 34, action camera 219,"
            " portable radio 49, alarm clock 28, torch 24, record player 179",
        ),
    ),
    product_category(
        "fitness",
        "Fjordal, Grovewell, Kaleva, Lumero, Nimbex",
        (
            "compact foldable durable sturdy refurbished ergonomic",
            "exercise bike 299, rowing machine 399, pull-up bar 44, dumbbell set 79, balance board 49,"
            " weight bench 129, step platform 39, kettlebell 36, treadmill 459, ab roller 23",
        ),
        (
            "lightweight recycled classic durable ergonomic waterproof compact",
            "yoga mat 35, skipping rope 14, foam roller 24, gym bag 42, cycling helmet 65, swimming goggles 19,"
            " massage ball 12, sports bottle 16, running belt 22",
        ),
    ),
    product_category(
        "garden",
        "Almhof, Brindley, Dunmore, Grovewell, Hazelby",
        (
            "sturdy durable ergonomic lightweight compact classic",
            "pruning shears 28, watering can 24, garden hose 39, wheelbarrow 89, leaf rake 25, lawn mower 239,"
            " garden gloves 13, hedge trimmer 109, hand trowel 15, seed spreader 45",
        ),
        (
            "handmade recycled vintage foldable waterproof elegant sturdy",
            "garden bench 179, bird feeder 22, plant pot 18, parasol 79, raised bed 75, solar lantern 29,"
            " compost bin 62, deck chair 69, bird bath 54",
        ),
    ),
    product_category(
        "home",
        "Almhof, Casa Lumen, Elvika, Juniper & Co, Lumero",
        (
            "elegant classic handmade vintage recycled compact foldable",
            "floor lamp 89, bookshelf 129, bedside table 95, wall mirror 79, picture frame 22, desk lamp 42,"
            " wall clock 36, coffee table 159, storage basket 26, coat rack 55",
        ),
        (
            "organic handmade recycled classic elegant lightweight",
            "wool rug 139, linen curtains 65, cushion cover 19, bed linen 69, throw blanket 45, bath towel set 39,"
            " tablecloth 34, cotton duvet 99, bath mat 24",
        ),
    ),
    product_category(
        "kitchen",
        "Almhof, Casa Lumen, Montrava, Hazelby, Ostara",
        (
            "handmade classic elegant vintage sturdy durable",
            "cast-iron pan 59, chef's knife 69, chopping board 29, teapot 38, salad bowl 27, pepper mill 24,"
            " casserole dish 79, cutlery set 85, mixing bowls 32, fruit bowl 35",
        ),
        (
            "compact refurbished lightweight elegant durable ergonomic vintage",
            "espresso maker 119, stand mixer 269, hand blender 49, kettle 45, toaster 52, waffle iron 42,"
            " coffee grinder 58, kitchen scales 25, rice cooker 64",
        ),
    ),
    product_category(
        "outdoor",
        "Fjordal, Grovewell, Kaleva, Montrava, Nimbex",
        (
            "waterproof lightweight durable compact foldable recycled",
            "two-person tent 169, sleeping bag 89, daypack 59, picnic blanket 28, dry bag 22, bivouac sack 75,"
            " map case 15, hammock 39, cool box 65, camping chair 42",
        ),
        (
            "compact sturdy lightweight durable refurbished classic foldable",
            "trekking poles 49, camping stove 45, head torch 32, water filter 36, binoculars 109, thermos flask 29,"
            " pocket knife 34, camping table 58, compass 26",
        ),
    ),
    product_category(
        "shoes",
        "Brindley, Fjordal, Juniper & Co, Montrava, Ostara",
        (
            "waterproof lightweight durable recycled ergonomic sturdy",
            "trail running shoes 98, hiking boots 129, road running shoes 115, walking shoes 78, rubber boots 39,"
            " winter boots 109, tennis shoes 84, cycling shoes 105, trekking sandals 62",
        ),
        (
            "classic elegant handmade vintage recycled lightweight durable",
            "leather sneakers 89, ankle boots 105, loafers 92, canvas sneakers 49, slippers 29, sandals 45,"
            " ballet flats 56, Chelsea boots 119, clogs 42, espadrilles 34",
        ),
    ),
    product_category(
        "toys",
        "Almhof, Dunmore, Hazelby, Ivoro, Ostara",
        (
            "handmade classic vintage recycled organic sturdy",
            "building blocks 29, plush bear 22, wooden train set 49, doll's house 109, hand puppets 26, marble run 45,"
            " spinning top 10, wooden puzzle 18, rag doll 24, toy kitchen 99",
        ),
        (
            "foldable lightweight durable compact waterproof refurbished sturdy",
            "kite 24, scooter 79, play tent 38, balance bike 85, table football 65, toy piano 52, paddling pool 35,"
            " walkie-talkies 32, remote-controlled car 46",
        ),
    ),
)

SHOP = Domain(
    name="shop",
    title="shop demo",
    outcome="click",
    categories=CATEGORIES,
    amount=ItemColumn("price", "€", "price in euros"),
    maker=ItemColumn("brand", says="brand (invented)"),
    quality=ItemColumn("rating", "stars", "mean customer rating, 1 to 5 stars"),
    decoy=ItemColumn("colour", says="main colour"),
    decoy_levels=("black", "white", "grey", "blue", "green", "red", "yellow", "beige"),
    amount_endings=(0.9, 0.95, 0.99, 0.5),
    effects=(
        Bell("user.age", "item.category", CATEGORY_AGES, 12.0, 2.2, "age against the category's own age"),
        Parabola("item.price", "user.income", 40.0, 45.0, 0.8, 0.5, "price against a budget that rises with income"),
        Line("item.rating", 4.0, 0.75, "better rated items are taken more"),
        Levels("item.brand", BRANDS, "each brand has its own pull"),
        Match("user.interest", "item.category", 1.6, "the declared interest is the item's category"),
        Levels("item.title", WORDS, "a quality word in the title (no column holds it)"),
        Pull("history", "item.category", 0.45, "categories among the last 20 items taken attract again"),
    ),
    slopes={"north": 1.0, "south": 1.0, "east": 1.0, "west": 1.0, "islands": 0.4},
    slope_cause="the planted effects are 0.4 times as steep there: outcomes follow the features less",
)
