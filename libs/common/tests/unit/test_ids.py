from common import ids


def test_ids_sort_by_the_time_they_were_made():
    made = [ids.new_id() for _ in range(1000)]
    assert made == sorted(made)
    assert {each.version for each in made} == {7}


def test_a_derived_id_is_the_same_for_the_same_parts_only():
    assert ids.derived_id("refund", "1") == ids.derived_id("refund", "1")
    assert ids.derived_id("refund", "1") != ids.derived_id("refund1", "")


def test_only_the_tokens_holder_matches_its_hash():
    token = ids.new_token()
    assert ids.same_token(token, ids.token_hash(token))
    assert not ids.same_token(token + "x", ids.token_hash(token))
    assert not ids.same_token(None, ids.token_hash(token))
