"""The manifests: up to date with their tables, valid by schema, complete, confined. Nothing here meets a cluster."""

import functools
import json
import re
import subprocess
import sys
from pathlib import Path

import jsonschema
import kubernetes_validate
import pytest
import yaml
from deploy.k8s import places, platform, render, workloads
from kubernetes_validate import utils as validator

from common.kafka_admin import wanted_topics
from contracts.topics import PARTITIONS, TOPICS
from shop.instance import home
from shop.keys import FORMATS
from shop.platform import edge
from shop.platform.roles import AUDITOR
from shop.services import SERVICES

FILES = render.files()
NAMES = [service.name for service in SERVICES]
OVERLAYS = ("dev", "prod")
EACH = [(overlay, name, role) for overlay in OVERLAYS for name in NAMES for role in workloads.ROLES]


def _kustomize(overlay):
    tool = Path(sys.executable).with_name("kubectl")
    folder = home() / "deploy/k8s/overlays" / overlay
    done = subprocess.run([tool, "kustomize", folder], capture_output=True, text=True, check=True, timeout=30)
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return list(yaml.load_all(done.stdout, Loader=loader))


@pytest.fixture(name="rendered", scope="module")
def _rendered():
    return {overlay: _kustomize(overlay) for overlay in OVERLAYS}


def found(manifests, kind, name):
    return next(one for one in manifests if one["kind"] == kind and one["metadata"]["name"] == name)


def of_kind(manifests, *kinds):
    return [one for one in manifests if one["kind"] in kinds]


def pods(manifests):
    return [(one["metadata"]["name"], one["spec"]["template"]) for one in of_kind(manifests, "Deployment", "Job")]


def environment(manifests, deployment):
    """What a pod's program is told, with a stand-in for every secret."""
    box = deployment["spec"]["template"]["spec"]["containers"][0]
    told = dict(found(manifests, "ConfigMap", box["envFrom"][0]["configMapRef"]["name"])["data"])
    parts = {}
    for variable in box["env"]:
        value = variable.get("value", "stand-in-for-a-secret-0123456789")
        parts[variable["name"]] = re.sub(r"\$\((\w+)\)", lambda match: parts[match[1]], value)
    return told | {name: value for name, value in parts.items() if not name.startswith("KEY_")}


class TestRendered:
    @pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(render.ROOT)))
    def test_the_committed_file_is_what_the_tables_say(self, path):
        assert path.read_text() == FILES[path], "run: python -m deploy.k8s.render"

    @pytest.mark.parametrize("overlay", OVERLAYS)
    def test_every_manifest_is_valid_by_its_schema(self, overlay, rendered, monkeypatch):
        # It reads megabytes of schema again for each manifest.
        monkeypatch.setattr(validator, "schema_contents", functools.cache(validator.schema_contents))
        schemas = {path.stem: json.loads(path.read_text()) for path in (render.ROOT / "schemas").glob("*.json")}
        ours = set()
        for manifest in rendered[overlay]:
            name = f"{manifest['kind']}.{manifest['apiVersion'].split('/')[0]}".lower()
            if name in schemas:
                jsonschema.validate(manifest, schemas[name], cls=jsonschema.Draft202012Validator)
                ours.add(name)
            else:
                kubernetes_validate.validate(manifest, kubernetes_validate.latest_version(), strict=True)
        assert ours == set(schemas)

    @pytest.mark.parametrize("overlay", OVERLAYS)
    def test_every_manifest_is_in_the_namespace_and_in_a_stage_of_the_rollout(self, overlay, rendered):
        stages = {"platform", "settings", "migrate", "serve"}

        assert {one["metadata"]["labels"]["shop/stage"] for one in rendered[overlay]} == stages
        assert {one["metadata"].get("namespace") for one in rendered[overlay] if one["kind"] != "Namespace"} == {"shop"}


class TestWorkloads:
    @pytest.mark.parametrize(("overlay", "name", "role"), EACH)
    def test_each_role_of_each_service_is_there_and_understands_its_settings(
        self, overlay, name, role, rendered, understood
    ):
        deployment = found(rendered[overlay], "Deployment", f"{name}-{role}")

        settings = understood(name, environment(rendered[overlay], deployment))[f"{name.upper()}_"]

        assert [one for one in workloads.ROLES if settings.plays(one)] == [role]
        grace = deployment["spec"]["template"]["spec"]["terminationGracePeriodSeconds"]
        assert grace >= settings.drain_seconds + workloads.LEAVE_SECONDS + 10

    @pytest.mark.parametrize(("overlay", "name", "role"), EACH)
    def test_each_role_is_probed_and_may_be_disrupted_one_at_a_time(self, overlay, name, role, rendered):
        deployment = found(rendered[overlay], "Deployment", f"{name}-{role}")
        budget = found(rendered[overlay], "PodDisruptionBudget", f"{name}-{role}")["spec"]
        box = deployment["spec"]["template"]["spec"]["containers"][0]

        assert box["livenessProbe"]["httpGet"]["path"] == "/healthz"
        assert box["readinessProbe"]["httpGet"]["path"] == "/readyz"
        assert box["startupProbe"]["httpGet"]["path"] == "/healthz"
        assert budget["maxUnavailable"] == 1
        assert budget["selector"] == deployment["spec"]["selector"]

    @pytest.mark.parametrize("overlay", OVERLAYS)
    def test_every_pod_is_confined_limited_and_pinned(self, overlay, rendered):
        for name, template in pods(rendered[overlay]):
            spec = template["spec"]
            assert spec["automountServiceAccountToken"] is False, name
            assert spec["securityContext"]["runAsNonRoot"] is True, name
            assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
            for box in spec["containers"]:
                assert box["securityContext"]["readOnlyRootFilesystem"] is True, name
                assert box["securityContext"]["allowPrivilegeEscalation"] is False, name
                assert box["securityContext"]["capabilities"] == {"drop": ["ALL"]}, name
                assert set(box["resources"]["limits"]) == set(box["resources"]["requests"]) == {"cpu", "memory"}, name
                assert re.fullmatch(r"[a-z0-9./-]+:\d+(\.\d+)+", box["image"]), name

    @pytest.mark.parametrize("overlay", OVERLAYS)
    def test_each_service_is_migrated_before_its_rollout(self, overlay, rendered, understood):
        for name in NAMES:
            job = found(rendered[overlay], "Job", f"{name}-migrate")
            assert job["metadata"]["labels"]["shop/stage"] == "migrate"
            assert job["spec"]["template"]["spec"]["containers"][0]["args"] == ["migrate"]
            assert understood(name, environment(rendered[overlay], job))

    def test_object_storage_is_there_before_its_bucket_is_made(self, rendered):
        storage = [found(rendered["dev"], "Service", "s3"), found(rendered["dev"], "Deployment", "s3-api")]
        stages = [manifest["metadata"]["labels"]["shop/stage"] for manifest in storage]

        assert stages == ["platform", "platform"]
        assert found(rendered["dev"], "Job", "bucket")["metadata"]["labels"]["shop/stage"] == "migrate"

    @pytest.mark.parametrize("name", NAMES)
    def test_a_service_in_prod_knows_no_sandbox_and_no_haste(self, name, rendered):
        told = environment(rendered["prod"], found(rendered["prod"], "Deployment", f"{name}-api"))

        assert not [key for key, value in told.items() if re.search(r"sandbox|127\.0\.0\.1|console", value)]
        assert not [key for key in told if re.search(r"COMPLETE_|TRACKING_EVERY|POLL_EVERY|LEASE|SESSION", key)]


class TestSecrets:
    @pytest.mark.parametrize("overlay", OVERLAYS)
    def test_none_is_in_a_manifest(self, overlay, rendered):
        assert of_kind(rendered[overlay], "Secret") == []
        for config in of_kind(rendered[overlay], "ConfigMap"):
            words = r"PASSWORD|SECRET|TOKEN_KEY|_KEY$|_KEYS$|CALLBACK_TOKEN|DATABASE_URL|API_CODE|PF_ID"
            assert [key for key in config["data"] if re.search(words, key)] == [], config["metadata"]["name"]
            assert not re.search(r"://[^/ ]*:[^/ ]*@", str(config["data"]))

    @pytest.mark.parametrize("overlay", OVERLAYS)
    def test_every_secret_asked_for_is_one_that_the_command_makes(self, overlay, rendered):
        made = {one["metadata"]["name"]: set(one["stringData"]) for one in render.secret_manifests()}
        asked = [
            variable["valueFrom"]["secretKeyRef"]
            for _, template in pods(rendered[overlay])
            for variable in template["spec"]["containers"][0]["env"]
            if "valueFrom" in variable
        ]

        assert asked
        assert all(one["key"] in made[one["name"]] for one in asked)
        roles = found(rendered[overlay], "Cluster", platform.POSTGRES)["spec"]["managed"]["roles"]
        assert {role["name"]: role["passwordSecret"]["name"] for role in roles} == {
            name: f"{name}-database" for name in [*NAMES, AUDITOR]
        }
        assert made["shop-keys"] == {
            name for name in FORMATS if not name.endswith(("_db_password", "postgres_password"))
        } | set(places.MORE_KEYS)


class TestScaling:
    @pytest.mark.parametrize("overlay", OVERLAYS)
    def test_consumers_scale_by_lag_and_never_past_the_partitions(self, overlay, rendered):
        scalers = {one["metadata"]["name"]: one["spec"] for one in of_kind(rendered[overlay], "ScaledObject")}

        assert set(scalers) == {f"{name}-consumer" for name in NAMES}
        for name, spec in scalers.items():
            assert spec["scaleTargetRef"]["name"] == name
            assert spec["minReplicaCount"] <= spec["maxReplicaCount"] <= PARTITIONS
            assert spec["cooldownPeriod"] >= 300
            for trigger in (one["metadata"] for one in spec["triggers"]):
                assert trigger["limitToPartitionsWithLag"] == trigger["excludePersistentLag"] == "true"
                assert trigger["topic"] in TOPICS
                assert trigger["consumerGroup"] == name.removesuffix("-consumer")

    def test_orders_is_scaled_by_what_it_hears(self):
        assert render.topics_of("orders") == ["shop.payments.v1", "shop.shipments.v1", "shop.stock.v1"]

    @pytest.mark.parametrize("overlay", OVERLAYS)
    def test_apis_scale_by_processor_and_no_deployment_fights_its_scaler(self, overlay, rendered):
        for name in NAMES:
            scaler = found(rendered[overlay], "HorizontalPodAutoscaler", f"{name}-api")["spec"]
            assert scaler["metrics"][0]["resource"]["name"] == "cpu"
            assert scaler["minReplicas"] <= scaler["maxReplicas"]
            for role in ("api", "consumer"):
                assert "replicas" not in found(rendered[overlay], "Deployment", f"{name}-{role}")["spec"]

    def test_all_pods_at_their_most_have_room_in_postgres(self, rendered):
        most = sum(one["spec"]["maxReplicas"] for one in of_kind(rendered["prod"], "HorizontalPodAutoscaler"))
        most += sum(one["spec"]["maxReplicaCount"] for one in of_kind(rendered["prod"], "ScaledObject"))
        most += sum(one["spec"].get("replicas", 0) for one in of_kind(rendered["prod"], "Deployment"))

        # The pool, and the relay's or the wake-up's own connection; a tenth stays for people and the operator.
        assert most * (places.POOL_SIZE + 1) <= platform.MAX_CONNECTIONS * 0.9


class TestPlatform:
    def test_every_topic_is_made_with_three_copies_and_needs_two(self, rendered):
        topics = {one["spec"]["topicName"]: one["spec"] for one in of_kind(rendered["prod"], "KafkaTopic")}

        assert {name: spec["partitions"] for name, spec in topics.items()} == {
            spec.name: spec.partitions for spec in wanted_topics()
        }
        assert all(spec["replicas"] == 3 for spec in topics.values())
        assert all(spec["config"]["min.insync.replicas"] == 2 for spec in topics.values())
        settings = found(rendered["prod"], "Kafka", "shop")["spec"]["kafka"]["config"]
        assert settings["auto.create.topics.enable"] is False
        assert settings["min.insync.replicas"] == 2

    def test_the_small_cluster_asks_for_no_copies_it_cannot_have(self, rendered):
        nodes = found(rendered["dev"], "KafkaNodePool", "nodes")["spec"]["replicas"]
        topics = of_kind(rendered["dev"], "KafkaTopic")
        settings = found(rendered["dev"], "Kafka", "shop")["spec"]["kafka"]["config"]

        assert max(one["spec"]["replicas"] for one in topics) <= nodes
        assert {value for key, value in settings.items() if "replica" in key or "isr" in key} == {nodes}
        assert "synchronous" not in found(rendered["dev"], "Cluster", "postgres")["spec"]["postgresql"]

    def test_the_database_is_made_with_the_locale_korean_search_needs(self, rendered):
        made = found(rendered["prod"], "Cluster", "postgres")["spec"]["bootstrap"]["initdb"]

        assert (made["localeProvider"], made["builtinLocale"]) == ("builtin", "C.UTF-8")
        assert any("pg_trgm" in statement for statement in made["postInitApplicationSQL"])


def public_paths(manifests):
    return {
        (match["path"]["type"], match["path"]["value"], rule["backendRefs"][0]["name"])
        for route in of_kind(manifests, "HTTPRoute")
        for rule in route["spec"]["rules"]
        for match in rule["matches"]
    }


def edge_paths(table):
    return {("PathPrefix", path, name) for name, paths in table.items() for path in paths}


EXCEPTION = ("RegularExpression", "/v1/orders/[^/]+/shipments", "scm")


class TestRoutes:
    def test_prod_shows_the_api_of_the_local_edge_and_nothing_else(self, rendered):
        assert public_paths(rendered["prod"]) == edge_paths(edge.API_ROUTES) | {EXCEPTION}
        assert {"scm": (f"PathRegexp(`^{EXCEPTION[1]}$`)",)} == edge.API_EXCEPTIONS

    def test_dev_shows_the_pages_of_the_local_edge_too(self, rendered):
        home_page = {("Exact", "/", "console")}
        wanted = edge_paths(edge.API_ROUTES) | {EXCEPTION} | edge_paths(edge.PAGES) | home_page

        assert public_paths(rendered["dev"]) == wanted

    @pytest.mark.parametrize("overlay", OVERLAYS)
    def test_internal_paths_are_never_routed_and_the_internal_key_never_passes(self, overlay, rendered):
        hidden = ("/internal", "/metrics", "/healthz", "/readyz", "/v1/reservations", "/otlp")

        assert not [path for _, path, _ in public_paths(rendered[overlay]) if path.startswith(hidden)]
        for route in of_kind(rendered[overlay], "HTTPRoute"):
            for rule in route["spec"]["rules"]:
                assert {"remove": ["X-Internal-Key"]} in [one.get("requestHeaderModifier") for one in rule["filters"]]

    @pytest.mark.parametrize("overlay", OVERLAYS)
    def test_every_route_leads_to_a_service_that_has_pods(self, overlay, rendered):
        templates = [template["metadata"]["labels"] for _, template in pods(rendered[overlay])]
        for _, _, name in public_paths(rendered[overlay]):
            wanted = found(rendered[overlay], "Service", name)["spec"]["selector"]
            assert [labels for labels in templates if wanted.items() <= labels.items()]


class TestNetwork:
    def test_the_policies_know_who_calls_whom(self):
        assert render.calls() == {
            "orders": {"cart", "catalog"},
            "payments": {"orders"},
        } | {name: set() for name in NAMES if name not in {"orders", "payments"}}

    @pytest.mark.parametrize("overlay", OVERLAYS)
    def test_nothing_of_ours_is_open_by_default(self, overlay, rendered):
        policy = found(rendered[overlay], "NetworkPolicy", "default-deny")["spec"]

        assert policy["podSelector"] == {"matchLabels": {"app.kubernetes.io/part-of": "shop"}}
        assert set(policy["policyTypes"]) == {"Ingress", "Egress"}
        assert "ingress" not in policy
        assert "egress" not in policy

    def test_a_caller_may_reach_and_the_called_lets_it_in(self, rendered):
        def policy(name):
            return found(rendered["prod"], "NetworkPolicy", name)["spec"]

        cart = {"podSelector": {"matchLabels": {"app.kubernetes.io/name": "cart"}}}
        orders = {"podSelector": {"matchLabels": {"app.kubernetes.io/name": "orders"}}}
        assert [cart] in [rule["to"] for rule in policy("orders")["egress"]]
        assert orders in policy("cart")["ingress"][0]["from"]
        assert orders not in policy("stats")["ingress"][0]["from"]
