"""Questions to the notebook. Each column is a list of ids; see the package `audit` for why they hold on a live shop."""

from __future__ import annotations

from collections.abc import Iterable

from shop.audit.findings import AT_REST, Check
from shop.audit.topics.telling import ONCE

# What a table row says as well as an event: of nothing else can be said whether it was done.
_DONE = (
    "order placed", "order paid", "order completed", "order cancelled", "payment confirmed", "payment refunded",
    "option changed", "shipment requested", "parcel shipped", "parcel delivered", "cancel decided", "option decided",
    "replacement stop decided", "replacement stopped", "message delivered",
)  # fmt: skip
_UUID7 = "substr({id}, 15, 1) = '7'"
# Events that the inbox of a service may have forgotten are left out.
_REMEMBERED = "(substr({id}, 15, 1) <> '7' OR {id} >= i.since)"


def _quoted(words: Iterable[str]) -> str:
    return ", ".join(f"'{word}'" for word in words)


# What the topics alone prove or break.
ORDER = (
    Check(
        "out of order",
        "the events of one thing come in the order in which they were committed",
        """WITH firsts AS (
             SELECT source, key, topic, part, seq, id, min(place) AS place FROM records WHERE source IS NOT NULL
             GROUP BY source, key, topic, part, seq, id
           ), before AS (
             SELECT *, max(seq) OVER (PARTITION BY source, key, topic, part ORDER BY place
                                      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS highest FROM firsts)
           SELECT source || ' ' || key || ': ' || id || ' is number ' || seq || ', after ' || highest
           FROM before WHERE highest > seq""",
    ),
    Check(
        "doubled",
        "an event's id stands for one event",
        """SELECT id FROM records WHERE source IS NOT NULL GROUP BY id
           HAVING count(DISTINCT
             topic || '|' || part || '|' || key || '|' || seq || '|' || type || '|' || content) > 1""",
    ),
    Check(
        "doubled",
        "an event's number is given once",
        """SELECT source || ' ' || key || ' number ' || seq FROM (
             SELECT source, key, seq, id FROM records WHERE source IS NOT NULL
             UNION SELECT service, key, seq, id FROM waiting) GROUP BY source, key, seq HAVING count(*) > 1""",
    ),
    Check(
        "doubled",
        "nothing that happens once is told twice",
        f"""SELECT name || ' ' || ref FROM told WHERE name IN ({_quoted(ONCE)})
           GROUP BY name, ref HAVING count(DISTINCT id) > 1""",  # noqa: S608 - our own words
    ),
    Check(
        "out of order",
        "events tell of possible steps only",
        """WITH walked AS (
             SELECT story, ref, state, lag(state, 1, '') OVER (PARTITION BY story, ref ORDER BY seq) AS before
             FROM (SELECT DISTINCT story, ref, seq, state FROM steps))
           SELECT story || ' ' || ref || ': ' || CASE before WHEN '' THEN 'begins' ELSE before END || ' → ' || state
           FROM walked w WHERE NOT EXISTS (
             SELECT 1 FROM moves m WHERE m.story = w.story AND m.before = w.before AND m.after = w.state)""",
    ),
)

# What the topics and the publishers' books prove or break.
PUBLISHERS = (
    Check(
        "lost",
        "every committed event is in its topic, or waits in its outbox",
        """WITH horizon AS (
             SELECT o.service, max(b.gone_until) AS gone FROM bounds b JOIN owners o USING (topic) GROUP BY o.service
           ), base AS (
             SELECT s.service, s.key, s.last, CASE WHEN h.gone IS NULL THEN 1 ELSE (
                SELECT min(r.seq) FROM records r WHERE r.source = s.service AND r.key = s.key AND r.at > h.gone
             ) END AS first FROM sequences s JOIN inboxes i USING (service) LEFT JOIN horizon h USING (service)
           ), counted AS (
             SELECT b.service, b.key, b.last - b.first + 1 AS wanted,
               (SELECT count(*) FROM (
                  SELECT r.seq FROM records r
                  WHERE r.source = b.service AND r.key = b.key AND r.seq BETWEEN b.first AND b.last
                  UNION SELECT w.seq FROM waiting w
                  WHERE w.service = b.service AND w.key = b.key AND w.seq BETWEEN b.first AND b.last)) AS there,
               (SELECT count(*) FROM reports d WHERE d.source = b.service AND d.key = b.key) AS reports
             FROM base b WHERE b.first IS NOT NULL)
           SELECT service || ' ' || key || ': ' || (wanted - there) || ' of ' || wanted || ' events'
           FROM counted WHERE wanted - there > reports""",
    ),
    Check(
        "doubled",
        "nothing is in a topic that its publisher has not committed",
        """SELECT r.source || ' ' || r.id FROM records r JOIN bounds b USING (topic, part)
           JOIN inboxes i ON i.service = r.source
           LEFT JOIN sequences s ON s.service = r.source AND s.key = r.key
           WHERE r.place < b.ended AND (s.last IS NULL OR r.seq > s.last)""",
    ),
    Check(
        "lost",
        "what a service did, it told",
        """SELECT name || ' ' || ref FROM done d WHERE must AND NOT EXISTS (
             SELECT 1 FROM told t WHERE t.name = d.name AND t.ref = d.ref)
             AND NOT (name = 'message delivered' AND EXISTS (
               SELECT 1 FROM bounds WHERE topic = 'shop.notifications.v1' AND gone_until IS NOT NULL))""",
    ),
    Check(
        "doubled",
        "what a service told, it did",
        f"""SELECT t.name || ' ' || t.ref FROM told t JOIN sequences s ON s.service = t.source AND s.key = t.key
           JOIN inboxes i ON i.service = t.source
           WHERE t.seq <= s.last AND t.name IN ({_quoted(_DONE)})
             AND NOT EXISTS (SELECT 1 FROM done d WHERE d.name = t.name AND d.ref = t.ref)""",  # noqa: S608
    ),
)

# What the topics and the readers' books prove or break.
READERS = (
    Check(
        "lost",
        "every event that a service is past is in its inbox",
        f"""WITH past AS (
             SELECT h.service, r.id FROM records r JOIN hears h USING (type)
             JOIN positions p ON p.service = h.service AND p.topic = r.topic AND p.part = r.part AND r.place < p.done
             UNION SELECT h.service, r.id FROM records r JOIN hears h USING (topic)
             JOIN positions p ON p.service = h.service AND p.topic = r.topic AND p.part = r.part AND r.place < p.done
             WHERE r.type IS NULL)
           SELECT p.service || ' ' || p.id FROM past p JOIN inboxes i USING (service)
           WHERE {_REMEMBERED.format(id="p.id")} AND NOT EXISTS (
             SELECT 1 FROM settled s WHERE s.service = p.service AND s.id = p.id)""",  # noqa: S608
    ),
    Check(
        "doubled",
        "nothing is in an inbox that is in no topic",
        f"""SELECT s.service || ' ' || s.id FROM settled s WHERE NOT EXISTS (SELECT 1 FROM records r WHERE r.id = s.id)
             AND NOT EXISTS (SELECT 1 FROM bounds b JOIN hears h USING (topic)
               WHERE h.service = s.service AND b.gone_until IS NOT NULL
                 AND NOT ({_UUID7.format(id="s.id")} AND s.id > lowest_id(b.gone_until)))""",  # noqa: S608
    ),
    Check(
        "doubled",
        "an event that could not be handled rests in one place",
        """SELECT service || ' ' || id FROM kept WHERE place IN ('parked', 'dead')
           GROUP BY service, id HAVING count(*) > 1""",
    ),
    Check(
        "doubled",
        "an event that is parked or dead is known to the inbox, or it would be handled besides",
        f"""SELECT k.service || ' ' || k.id FROM kept k JOIN inboxes i USING (service)
           WHERE k.place IN ('parked', 'dead') AND {_REMEMBERED.format(id="k.id")} AND NOT EXISTS (
             SELECT 1 FROM settled s WHERE s.service = k.service AND s.id = k.id)""",  # noqa: S608
    ),
    Check(
        "unbalanced",
        "the figures in use are those of a fresh replay",
        """WITH told_once AS (
             SELECT fact, content, topic, part, min(place) AS place FROM replayed t
             WHERE NOT EXISTS (SELECT 1 FROM kept k WHERE k.service = 'stats' AND k.id = t.id) GROUP BY fact)
           SELECT 'missing: ' || t.fact FROM told_once t JOIN inboxes i ON i.service = 'stats'
             JOIN positions p ON p.service = 'stats' AND p.topic = t.topic AND p.part = t.part AND t.place < p.done
             WHERE NOT EXISTS (SELECT 1 FROM figures f WHERE f.fact = t.fact)
           UNION ALL SELECT 'in no topic: ' || f.fact FROM figures f
             WHERE NOT EXISTS (SELECT 1 FROM replayed t WHERE t.fact = f.fact)
               AND NOT EXISTS (SELECT 1 FROM bounds b JOIN hears h USING (topic)
                 WHERE h.service = 'stats' AND b.gone_until IS NOT NULL)
           UNION ALL SELECT 'different: ' || t.fact || ': ' || f.content || ', not ' || t.content
             FROM told_once t JOIN figures f USING (fact) WHERE f.content <> t.content""",
    ),
)

# What the topics and the positions of the groups prove or break.
READ = (
    Check(
        "stuck",
        "every service has read everything it hears",
        """SELECT h.service || ' stands at ' || b.topic || '/' || b.part || ' ' || max(coalesce(p.done, 0), b.begins)
           FROM (SELECT DISTINCT service, topic FROM hears) h JOIN bounds b USING (topic)
           LEFT JOIN positions p ON p.service = h.service AND p.topic = b.topic AND p.part = b.part
           WHERE b.ended > max(coalesce(p.done, 0), b.begins)""",
        AT_REST,
    ),
)

NUMBERS = {
    "events in the topics": "SELECT count(DISTINCT id) FROM records WHERE source IS NOT NULL",
    "of them delivered again": (
        "SELECT count(*) - count(DISTINCT id) FROM records WHERE source IS NOT NULL"
    ),
    "records of strangers in the topics": "SELECT count(*) FROM records WHERE source IS NULL",
    "reports of dead letters": "SELECT count(*) FROM reports",
}  # fmt: skip
