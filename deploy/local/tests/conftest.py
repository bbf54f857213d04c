"""What the tests of this folder share."""

import pytest

from shop import instance, ports
from shop.instance import Instance, Options


@pytest.fixture
def an_instance(tmp_path):
    """Makes an instance with its data in the test's folder; nothing of it runs."""

    def build(edge: int = 8080, **options: object) -> Instance:
        return Instance("test", instance.home(), tmp_path, ports.derive(edge), Options(**options))

    return build
