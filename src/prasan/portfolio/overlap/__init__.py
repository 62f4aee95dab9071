"""Which proposals and systems do the same: a pure library, and `prasan portfolio screen` (docs/overlap.md).

lexicon = load_lexicon(city_folder)
corpus = build_corpus(items, lexicon)             # cache it; `previous=` reads only what is new
matches = nearest(item, corpus, limit=10)         # one typed proposal, milliseconds
groups = clusters(match for row in screen(corpus, corpus) for match in row)
"""

from prasan.portfolio.overlap.clusters import clusters
from prasan.portfolio.overlap.corpus import Corpus, Embedder, beside, build_corpus
from prasan.portfolio.overlap.items import Item, Kind, Match, Reason
from prasan.portfolio.overlap.lexicon import Concept, Lexicon, load_lexicon
from prasan.portfolio.overlap.scoring import nearest, screen

__all__ = [
    "Concept", "Corpus", "Embedder", "Item", "Kind", "Lexicon", "Match", "Reason", "beside", "build_corpus",
    "clusters", "load_lexicon", "nearest", "screen",
]  # fmt: skip
