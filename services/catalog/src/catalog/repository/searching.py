"""Questions that find nothing as they were asked, the words that names have, and which products are sold out."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.domain import search
from catalog.domain.search import Question, Word
from catalog.repository import listing
from catalog.repository.listing import Filter, Row, Sort

_NEAR = text(
    "SELECT word, jamo FROM (SELECT DISTINCT word, jamo, pairs FROM search_words WHERE pairs && CAST(:pairs AS text[])"
    "  AND char_length(word) > 1"
    "  AND length BETWEEN :shortest AND :longest AND (CAST(:mall_id AS text) IS NULL OR mall_id = :mall_id)) w"
    " ORDER BY (SELECT count(*) FROM unnest(pairs) pair WHERE pair = ANY(CAST(:pairs AS text[]))) DESC, word LIMIT 100"
)
_PART_OF_ONE = text(
    "SELECT EXISTS (SELECT 1 FROM search_words WHERE word LIKE :pattern"
    " AND (CAST(:mall_id AS text) IS NULL OR mall_id = :mall_id))"
)
_IS_ONE = text(
    "SELECT EXISTS (SELECT 1 FROM search_words WHERE word = :word"
    " AND (CAST(:mall_id AS text) IS NULL OR mall_id = :mall_id))"
)
_UNLEARNED = text(
    "SELECT p.id, p.mall_id, p.name, p.tags, ARRAY(SELECT v.name FROM variants v WHERE v.product_id = p.id"
    "  AND v.name IS NOT NULL) AS variants FROM products p WHERE status = 'published' AND NOT learned"
    " ORDER BY id LIMIT :limit FOR NO KEY UPDATE SKIP LOCKED"
)
_LEARN = text(
    "INSERT INTO search_words (mall_id, word, jamo, length, pairs)"
    " VALUES (:mall_id, :word, :jamo, :length, :pairs) ON CONFLICT DO NOTHING"
)
_FLIPS = text(
    "DELETE FROM stock_flips WHERE id IN (SELECT id FROM stock_flips ORDER BY id LIMIT :limit FOR UPDATE SKIP LOCKED)"
    " RETURNING sku"
)
_FOLLOW = text(
    "WITH seen AS (SELECT v.product_id, bool_and(CASE WHEN v.is_set THEN coalesce(t.told_available, 0) <= 0 ELSE"
    "  s.on_hand - s.reserved + CASE WHEN s.preorder_open THEN s.preorder_limit ELSE 0 END <= 0 END) AS sold_out"
    "  FROM variants v JOIN stock s ON s.sku = v.sku LEFT JOIN sets t ON t.sku = v.sku WHERE v.product_id IN"
    "  (SELECT product_id FROM variants WHERE sku = ANY(CAST(:skus AS text[]))) GROUP BY v.product_id)"
    " UPDATE products p SET sold_out = seen.sold_out FROM seen"
    " WHERE p.id = seen.product_id AND p.sold_out <> seen.sold_out"
)


async def page_of_the_nearest(
    connection: AsyncConnection, wanted: Filter, sort: Sort, limit: int
) -> tuple[Question | None, list[Row]]:
    """For a question that finds nothing: the question nearest to it that finds something, and the first page."""
    asked = wanted.question
    if asked is None:
        return None, []
    bare = search.without_particles(asked)
    if bare is not None and (rows := await _ask(connection, wanted, bare, sort, limit)):
        return bare, rows
    corrected = await _corrected(connection, asked, wanted.mall_id)
    if corrected != asked and (rows := await _ask(connection, wanted, corrected, sort, limit)):
        return corrected, rows
    return None, []


async def _ask(connection: AsyncConnection, wanted: Filter, question: Question, sort: Sort, limit: int) -> list[Row]:
    return await listing.page(connection, replace(wanted, question=question), sort, None, limit)


async def _corrected(connection: AsyncConnection, question: Question, mall_id: str | None) -> Question:
    """Every word that no name has, in the nearest spelling that one has."""
    words = [await _spelt(connection, word, mall_id) for word in question.words]
    return Question(tuple(dict.fromkeys(words)))


async def _spelt(connection: AsyncConnection, word: str, mall_id: str | None) -> str:
    given = {"pattern": f"%{word}%", "mall_id": mall_id}
    if await connection.scalar(_PART_OF_ONE, given):
        return word
    stem = search.one_syllable(word)
    if stem is not None and await connection.scalar(_IS_ONE, {"word": stem, "mall_id": mall_id}):
        return stem
    bare = search.without_particles(Question((word,)))
    for spelling in (word, *(bare.words if bare else ())):
        misspelt = search.misspelling(spelling)
        if misspelt is not None and (found := await _nearest(connection, misspelt, mall_id)):
            return found
    return word


async def _nearest(connection: AsyncConnection, wanted: Word, mall_id: str | None) -> str | None:
    most = search.tolerance(wanted.jamo)
    given = {
        "pairs": list(wanted.pairs),
        "mall_id": mall_id,
        "shortest": len(wanted.jamo) - most,
        "longest": len(wanted.jamo) + most,
    }
    rows = await connection.execute(_NEAR, given)
    return search.nearest(wanted, (Word(row.word, row.jamo, ()) for row in rows))


async def words_wait(connection: AsyncConnection) -> bool:
    query = text("SELECT EXISTS (SELECT 1 FROM products WHERE status = 'published' AND NOT learned)")
    return bool(await connection.scalar(query))


async def flips_wait(connection: AsyncConnection) -> bool:
    return bool(await connection.scalar(text("SELECT EXISTS (SELECT 1 FROM stock_flips)")))


async def learn(connection: AsyncConnection, limit: int) -> int:
    """Notes the words of up to `limit` published products that are not noted yet. Words are never forgotten."""
    rows = (await connection.execute(_UNLEARNED, {"limit": limit})).all()
    words = {
        (row.mall_id, word.text): word for row in rows for word in search.words(row.name, *row.variants, *row.tags)
    }
    if words:
        await connection.execute(
            _LEARN,
            [
                {
                    "mall_id": mall_id,
                    "word": word.text,
                    "jamo": word.jamo,
                    "length": len(word.jamo),
                    "pairs": list(word.pairs),
                }
                for (mall_id, _), word in sorted(words.items(), key=lambda item: item[0])
            ],
        )
    if rows:
        await connection.execute(
            text("UPDATE products SET learned = true WHERE id = ANY(:ids)"), {"ids": [row.id for row in rows]}
        )
    return len(rows)


async def follow_flips(connection: AsyncConnection, limit: int) -> int:
    """Marks products as sold out or not, for up to `limit` SKUs that turned."""
    skus = sorted(set(await connection.scalars(_FLIPS, {"limit": limit})))
    if skus:
        await connection.execute(_FOLLOW, {"skus": skus})
    return len(skus)
