from collections.abc import Iterable

from django.db import models
from django.db.models.functions import Length

from articles.models.search_text import SearchText
from articles.search.analysis import list_words

# Shorter ones are like too many others, longer ones are none.
_SHORTEST, _LONGEST = 4, 30


def _count_capitals(word: str) -> int:
    """“Über” begins a sentence and “ÜBER” is a headline; “über” is the word."""
    return 0 if word.islower() else sum(letter.isupper() for letter in word)


class SearchWordQuerySet(models.QuerySet["SearchWord"]):
    def learn(self, texts: Iterable[str]) -> None:
        """Add the words of texts that are not known yet; one query where all are."""
        words: dict[str, str] = {}
        for text in texts:
            for folded, shown in list_words(text):
                other = words.get(folded)
                if shown == other:
                    continue
                if other is not None:
                    words[folded] = min(other, shown, key=_count_capitals)
                elif _SHORTEST <= len(folded) <= _LONGEST and folded.isalpha():
                    words[folded] = shown
        known = dict(self.filter(word__in=list(words)).values_list("word", "shown"))
        new, better = [], []
        # In one order, so that two who do it do not wait for each other.
        for word, shown in sorted(words.items()):
            if word not in known:
                new.append(self.model(word=word, shown=shown))
            elif _count_capitals(shown) < _count_capitals(known[word]):
                better.append(self.model(word=word, shown=shown))
        self.bulk_create(new, ignore_conflicts=True, batch_size=1000)
        self.bulk_update(better, ["shown"], batch_size=500)

    def learn_from(self, *article_ids: int) -> None:
        """Add the words of articles that are still there."""
        found = SearchText.objects.filter(pk__in=article_ids).values_list(
            "article__title", "article__standfirst", "plain"
        )
        self.learn(text for texts in found for text in texts)

    def about_as_long(self, word: str, margin: int = 2) -> list[tuple[str, str]]:
        """(word, as it is written) of the words of nearly the same length."""
        rows = self.annotate(length=Length("word")).filter(
            length__gte=len(word) - margin, length__lte=len(word) + margin
        )
        return list(rows.values_list("word", "shown"))


class SearchWord(models.Model):
    """A word of the articles, to be suggested to those who misspell it.

    Also words of texts that readers do not see: a suggestion is made only once it finds
    something that they do.
    """

    word = models.CharField(max_length=_LONGEST, primary_key=True)
    shown = models.CharField(max_length=_LONGEST * 2)

    readers_see = None

    objects = SearchWordQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(Length("word"), name="search_word_by_length")]

    def __str__(self) -> str:
        return self.shown
