"""The card of a text's words."""

TEXTS = {
    "lab.words": "The words that matter",
    "lab.words.of": "Which text",
    "lab.words.none": "This model reads no text, so there are no words to look at.",
    "lab.words.working": "Reading the text without some of its words",
    "lab.words.entry": "*{word}* {value}",
    "lab.words.others": "{n} {n|other word|other words} {value}",
    "lab.words.sentence": "{words}: together {total}, which is what {reason} add to this score.",
    "lab.words.alt": "The text with its words marked by what they add: a blue ground and a solid line for, an orange ground and a dashed line against, stronger where it is more. {reason}: {words}",
    "lab.words.table.alt": "Every word with what it adds and the weight that LIME gives it, the strongest first",
    "lab.words.word": "word",
    "lab.words.lime": "LIME",
    "lab.words.lime.help": "Weight of the word in the line that LIME's text explainer fits to the same texts; it need not sum to anything",
    "lab.words.error": "± error",
    "lab.words.exact": "Owen values: the words share out what the text adds as a whole, exact over all {n} {n|subset|subsets} of them",
    "lab.words.drawn": "Owen values: the words share out what the text adds as a whole, over drawn orders of them ({n} {n|text|texts} read)",
    "lab.words.contexts.all": "beside all {n} {n|combination|combinations} of the other reasons",
    "lab.words.contexts.drawn": "beside {n} drawn {n|combination|combinations} of the other reasons",
    "lab.words.cut": "an absent word is left out and the encoder reads the rest, with none left the background's text stands; Chinese and Japanese are cut by character",
    "lab.words.lime.fit": "LIME fit R² {fit}",
    "lab.words.lime.agrees": "LIME (fit R² {fit}) orders the words alike: {value}",
}
