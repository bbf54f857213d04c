"""What delivery to islands and to Jeju costs beside the fee: ranges of postcodes, replaced per mall by its staff.

The rows of `*` count for malls that have no table of their own, if they sell in its currency. Which postcodes a carrier
charges more for is its own list. These ranges are from memory of the lists that Korean carriers and shops publish, none
was read from a source: `source` says so, and staff replace them by their carrier's list.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_TABLES = """
CREATE TABLE surcharge_tables (
    mall_id text PRIMARY KEY,
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    set_by text NOT NULL,
    set_at timestamptz NOT NULL
)
"""
_RANGES = """
CREATE TABLE surcharge_ranges (
    mall_id text NOT NULL REFERENCES surcharge_tables (mall_id) ON DELETE CASCADE,
    first_zonecode text NOT NULL CHECK (first_zonecode ~ '^[0-9]{5}$'),
    last_zonecode text NOT NULL CHECK (last_zonecode ~ '^[0-9]{5}$' AND last_zonecode >= first_zonecode),
    label text NOT NULL,
    fee bigint NOT NULL CHECK (fee >= 0),
    source text,
    PRIMARY KEY (mall_id, first_zonecode)
)
"""
JEJU, ISLAND = ("제주 추가 배송비", 3000), ("도서산간 추가 배송비", 5000)
SEED = (
    ("22386", "22388", ISLAND, "인천 중구 섬"),
    ("23004", "23010", ISLAND, "인천 강화 섬"),
    ("23100", "23116", ISLAND, "인천 옹진"),
    ("23124", "23136", ISLAND, "인천 옹진"),
    ("32133", "32133", ISLAND, "충남 태안 섬"),
    ("33411", "33411", ISLAND, "충남 보령 섬"),
    ("40200", "40240", ISLAND, "경북 울릉"),
    ("46768", "46771", ISLAND, "부산 강서 섬"),
    ("52570", "52571", ISLAND, "경남 사천 섬"),
    ("53031", "53033", ISLAND, "경남 통영 섬"),
    ("53089", "53104", ISLAND, "경남 통영 섬"),
    ("54000", "54000", ISLAND, "전북 군산 섬"),
    ("56347", "56349", ISLAND, "전북 부안 섬"),
    ("57068", "57069", ISLAND, "전남 영광 섬"),
    ("58760", "58762", ISLAND, "전남 목포 섬"),
    ("58800", "58810", ISLAND, "전남 신안"),
    ("58816", "58818", ISLAND, "전남 신안"),
    ("58826", "58826", ISLAND, "전남 신안"),
    ("58832", "58832", ISLAND, "전남 신안"),
    ("58839", "58841", ISLAND, "전남 신안"),
    ("58843", "58866", ISLAND, "전남 신안"),
    ("58953", "58958", ISLAND, "전남 진도 섬"),
    ("59102", "59103", ISLAND, "전남 완도 섬"),
    ("59106", "59106", ISLAND, "전남 완도 섬"),
    ("59127", "59127", ISLAND, "전남 완도 섬"),
    ("59129", "59129", ISLAND, "전남 완도 섬"),
    ("59137", "59166", ISLAND, "전남 완도 섬"),
    ("59650", "59650", ISLAND, "전남 여수 섬"),
    ("59766", "59766", ISLAND, "전남 여수 섬"),
    ("59781", "59790", ISLAND, "전남 여수 섬"),
    ("63000", "63001", ISLAND, "제주 추자"),
    ("63002", "63364", JEJU, "제주"),
    ("63365", "63365", ISLAND, "제주 우도"),
    ("63366", "63644", JEJU, "제주"),
)


def upgrade() -> None:
    op.execute(_TABLES)
    op.execute(_RANGES)
    op.execute("INSERT INTO surcharge_tables VALUES ('*', 'KRW', 'migration', now())")
    ranges = sa.table(
        "surcharge_ranges",
        *(sa.column(name) for name in ("mall_id", "first_zonecode", "last_zonecode", "label", "fee", "source")),
    )
    op.bulk_insert(
        ranges,
        [
            {
                "mall_id": "*",
                "first_zonecode": first,
                "last_zonecode": last,
                "label": label,
                "fee": fee,
                "source": f"memory: {place}",
            }
            for first, last, (label, fee), place in SEED
        ],
    )
