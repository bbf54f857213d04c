"""Products in bulk: uploaded, checked, applied as a whole or not at all, and written back as a sheet."""

import unicodedata
from datetime import timedelta

import pytest
from services.catalog.tests.asking import at
from services.catalog.tests.builders import MEDIA, a_category, a_mall, a_stored_product
from sqlalchemy import text

from catalog.commands import AddProduct, NewVariant
from catalog.flows import Transfers
from catalog.handlers import products
from catalog.schemas.transfers import AnnouncedImportView
from common import ids
from common.clock import Clock
from common.testing import published

pytestmark = pytest.mark.integration

HEADINGS = "slug,name,category_id,tags,on_sale,sku,price,list_price,tax,variant_name\n"
GOOD = HEADINGS + (
    "granola,유기농 그래놀라,food,비건,yes,A,11900,12900,,\n"
    "milk,두유,,,no,M1,2900,,tax_free,190 ml\n"
    "milk,,,,,M2,5500,,tax_free,\n"
)


@pytest.fixture
async def mall(database):
    await a_mall(database)
    await a_category(database, "food")
    await a_stored_product(database, "A", slug="granola", name="그래놀라")
    await published(database, clear=True)
    return database


async def upload(http, staff, storage, content: str, form="csv"):
    encoded = content.encode()
    body = {"mall_id": "intake", "format": form, "bytes": len(encoded)}
    answer = await http.post("/v1/products/imports", headers=staff, json=body)
    assert answer.status_code == 201, answer.text
    AnnouncedImportView.model_validate(answer.json())
    storage.arrive(answer.json()["fields"]["key"], encoded, "text/csv")
    return f"/v1/products/imports/{answer.json()['id']}"


async def run(http, staff, storage, database, path, *, apply):
    answer = await http.post(f"{path}/start", headers=staff, json={"apply": apply})
    assert answer.status_code == 202, answer.text
    await Transfers(database, storage, MEDIA).work()
    return (await http.get(path, headers=staff)).json()


async def a_variant_with_options(database):
    options = (("크기", "큰"), ("색", "=빨강"))
    variant = NewVariant(ids.new_id(), "OPT", "큰, 빨강", 100, 200, "tax_free", options=options)
    description = ' 여러 줄,\r\n\'="따옴표"\n\n  '
    new = AddProduct(ids.new_id(), "intake", "opt", "옵션", description, "food", "KRW", (variant,))
    async with database.transaction() as tx:
        await products.add_product(new, tx)


async def stored(database):
    """All that a sheet says, as the database has it."""
    async with database.read() as connection:
        rows = await connection.execute(
            text(
                "SELECT p.slug, p.name, p.description, p.category_id, p.tags, p.rank, p.status, v.sku, v.name,"
                " v.price_amount, v.list_price_amount, v.tax, v.options"
                " FROM products p JOIN variants v ON v.product_id = p.id ORDER BY v.sku"
            )
        )
        return rows.all()


async def count(database):
    async with database.read() as connection:
        return await connection.scalar(text("SELECT count(*) FROM products"))


class TestImport:
    async def test_is_tried_out_then_applied_as_a_whole(self, http, staff, storage, mall):
        path = await upload(http, staff, storage, GOOD)
        tried = await run(http, staff, storage, mall, path, apply=False)
        assert (tried["status"], tried["rows"], tried["products"], tried["problems"]) == ("checked", 3, 2, [])
        assert await count(mall) == 1
        assert await published(mall) == []
        done = await run(http, staff, storage, mall, path, apply=True)
        assert done["status"] == "applied"
        granola = (await http.get("/v1/products/granola")).json()
        assert (granola["name"], granola["tags"]) == ("유기농 그래놀라", ["비건"])
        assert granola["variants"][0]["price"]["amount"] == 11_900
        milk = (await http.get("/v1/products/milk", headers=staff)).json()
        assert [variant["sku"] for variant in milk["variants"]] == ["M1", "M2"]
        assert (await http.get("/v1/products/milk")).status_code == 404
        again = await http.post(f"{path}/start", headers=staff, json={"apply": True})
        assert (again.status_code, again.json()["code"]) == (409, "transfer.busy")

    async def test_one_bad_row_and_nothing_is_written(self, http, staff, storage, mall):
        await a_stored_product(mall, "TAKEN")
        bad = GOOD + "tea,차,nowhere,,,T1,100,,\ncocoa,코코아,,,,TAKEN,100,,\njam,잼,,,perhaps,J1,1e3,,\n"
        path = await upload(http, staff, storage, bad)
        refused = await run(http, staff, storage, mall, path, apply=True)
        assert refused["status"] == "refused"
        assert sorted((each["row"], each["column"], each["code"]) for each in refused["problems"]) == [
            (5, None, "category.not_found"),
            (6, None, "sku.taken"),
            (7, "price", "request.invalid"),
        ]
        assert await count(mall) == 2
        assert (await http.get("/v1/products/granola")).json()["name"] == "그래놀라"

    async def test_what_is_no_sheet_is_refused_and_may_be_uploaded_again(self, http, staff, storage, mall):
        path = await upload(http, staff, storage, "colour\nred\n")
        refused = await run(http, staff, storage, mall, path, apply=True)
        assert (refused["status"], refused["problems"][0]["code"]) == ("refused", "sheet.unfit")

    async def test_is_not_started_before_the_file_is_there(self, http, staff, storage, mall):
        body = {"mall_id": "intake", "format": "csv", "bytes": 10}
        made = (await http.post("/v1/products/imports", headers=staff, json=body)).json()
        answer = await http.post(f"/v1/products/imports/{made['id']}/start", headers=staff, json={"apply": False})
        assert (answer.status_code, answer.json()["code"]) == (409, "upload.missing")

    @pytest.mark.parametrize(
        ("changes", "status"),
        [({"mall_id": "nowhere"}, 404), ({"bytes": 10 * 1024 * 1024 + 1}, 422), ({"format": "ods"}, 422)],
    )
    async def test_refuses_what_cannot_be_imported(self, http, staff, mall, changes, status):
        body = {"mall_id": "intake", "format": "csv", "bytes": 10} | changes
        assert (await http.post("/v1/products/imports", headers=staff, json=body)).status_code == status

    async def test_a_process_that_died_at_work_is_followed_by_another(self, http, staff, storage, mall):
        path = await upload(http, staff, storage, GOOD)
        await http.post(f"{path}/start", headers=staff, json={"apply": True})
        storage.down = True
        with pytest.raises(Exception, match="storage"):
            await Transfers(mall, storage, MEDIA).work()
        storage.down = False
        assert await Transfers(mall, storage, MEDIA).work() == 0
        later = at(mall, Clock().now() + timedelta(minutes=11))
        assert await Transfers(later, storage, MEDIA).work() == 1
        assert (await http.get(path, headers=staff)).json()["status"] == "applied"

    async def test_what_a_row_says_of_a_sku_that_is_there_is_done(self, http, staff, storage, mall):
        await a_stored_product(mall, "RICE", slug="rice", tax="tax_free")
        await a_stored_product(mall, "RICE-BOX", slug="rice-box", tax="tax_free", parts={"RICE": 2})
        await published(mall, clear=True)
        sheet = "slug,sku,variant_name,price,tax\ngranola,A,500 g,12900,tax_free\n"
        done = await run(http, staff, storage, mall, await upload(http, staff, storage, sheet), apply=True)
        assert done["status"] == "applied", done
        (variant,) = (await http.get("/v1/products/granola")).json()["variants"]
        assert (variant["name"], variant["tax"]) == ("500 g", "tax_free")
        (told,) = await published(mall)
        assert (told.variants[0].name, told.variants[0].tax) == ("500 g", "tax_free")
        empty = "slug,sku,variant_name,price,tax\ngranola,A,,12900,\nrice,RICE,,12900,taxable\n"
        refused = await run(http, staff, storage, mall, await upload(http, staff, storage, empty), apply=True)
        assert [(each["row"], each["code"]) for each in refused["problems"]] == [(3, "set.invalid")]
        (variant,) = (await http.get("/v1/products/granola")).json()["variants"]
        assert (variant["name"], variant["tax"]) == ("500 g", "tax_free")

    async def test_what_cannot_be_done_has_a_line_and_lines_are_in_order(self, http, staff, storage, mall):
        sheet = (
            "slug,name,sku,price,option1_name,option1_value\n"
            "zebra,얼룩말,Z1,1,,\n"
            "zebra,말,Z2,1,,\n"
            "granola,,A,12900,맛,초코\n"
            "apple,사과,P1,1,,,beside\n"
        )
        refused = await run(http, staff, storage, mall, await upload(http, staff, storage, sheet), apply=True)
        assert [(each["row"], each["column"], each["code"]) for each in refused["problems"]] == [
            (3, "name", "row.contradicts"),
            (4, None, "product.invalid"),
            (5, None, "row.no_heading"),
        ]
        assert await count(mall) == 1

    async def test_a_sheet_written_on_a_mac_names_the_same_product(self, http, staff, storage, mall):
        product_id = await a_stored_product(mall, "귀리", slug="귀리", name="귀리")
        sheet = unicodedata.normalize("NFD", "slug,name,sku,price\n귀리,귀리 쿠키,귀리,100\n")
        done = await run(http, staff, storage, mall, await upload(http, staff, storage, sheet), apply=True)
        assert done["status"] == "applied", done
        found = (await http.get("/v1/products/귀리")).json()
        assert (found["id"], found["name"], found["variants"][0]["price"]["amount"]) == (
            str(product_id),
            "귀리 쿠키",
            100,
        )

    async def test_products_with_options_come_in_by_sheet(self, http, staff, storage, mall):
        sheet = (
            "slug,name,sku,price,option1_name,option1_value,option2_name,option2_value\n"
            "shirt,셔츠,S-R,100,크기,S,색,빨강\nshirt,,S-B,100,크기,S,색,파랑\n"
        )
        done = await run(http, staff, storage, mall, await upload(http, staff, storage, sheet), apply=True)
        assert done["status"] == "applied", done
        shirt = (await http.get("/v1/products/shirt", headers=staff)).json()
        assert [each["value"] for each in shirt["variants"][1]["options"]] == ["S", "파랑"]


class TestExport:
    @pytest.mark.parametrize("form", ["csv", "xlsx"])
    async def test_comes_back_as_an_import_that_changes_nothing(self, http, staff, storage, mall, form):
        await a_stored_product(mall, "X1", "X2", slug="x", name="'=1+1", tags=("a, b", '"c"', "-d"))
        await a_variant_with_options(mall)
        await published(mall, clear=True)
        body = {"mall_id": "intake", "format": form}
        made = await http.post("/v1/products/exports", headers=staff, json=body)
        assert (made.status_code, made.json()["url"]) == (202, None)
        before = await stored(mall)
        flow = Transfers(mall, storage, MEDIA)
        assert await flow.work() == 1
        done = (await http.get(f"/v1/products/exports/{made.json()['id']}", headers=staff)).json()
        assert (done["status"], done["rows"], done["products"]) == ("ready", 4, 3)
        content = storage.contents[done["url"].removeprefix(f"{MEDIA}/")]
        body = {"mall_id": "intake", "format": form, "bytes": len(content)}
        form_ = (await http.post("/v1/products/imports", headers=staff, json=body)).json()
        storage.arrive(form_["fields"]["key"], content, "text/csv")
        path = f"/v1/products/imports/{form_['id']}"
        assert (await run(http, staff, storage, mall, path, apply=True))["status"] == "applied"
        assert await published(mall) == []
        assert await stored(mall) == before
        async with mall.transaction() as tx:
            await tx.connection.execute(text("TRUNCATE products CASCADE"))
            await tx.connection.execute(text("TRUNCATE stock CASCADE"))
        body = {"mall_id": "intake", "format": form, "bytes": len(content)}
        form_ = (await http.post("/v1/products/imports", headers=staff, json=body)).json()
        storage.arrive(form_["fields"]["key"], content, "text/csv")
        done = await run(http, staff, storage, mall, f"/v1/products/imports/{form_['id']}", apply=True)
        assert done["status"] == "applied", done
        assert await stored(mall) == before

    async def test_files_go_after_a_day(self, http, staff, storage, mall):
        made = await http.post("/v1/products/exports", headers=staff, json={"mall_id": "intake", "format": "csv"})
        await Transfers(mall, storage, MEDIA).work()
        later = Transfers(at(mall, Clock().now() + timedelta(days=2)), storage, MEDIA)
        assert [await later.remove_old() for _ in range(2)] == [1, 0]
        assert storage.objects == {}
        done = (await http.get(f"/v1/products/exports/{made.json()['id']}", headers=staff)).json()
        assert (done["status"], done["url"]) == ("gone", None)
