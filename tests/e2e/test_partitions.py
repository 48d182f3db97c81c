"""Endpoints of every region and service, against the rules that botocore ships."""
import os
import pathlib
import subprocess

import botocore.session
import pytest
from botocore.endpoint_provider import EndpointProvider
from botocore.exceptions import EndpointProviderError

ROOT = pathlib.Path(__file__).resolve().parents[2]
SERVICES = {"config": "config", "organizations": "organizations", "sts": "sts", "s3": "s3",
            "sns": "sns", "email": "sesv2", "tagging": "resourcegroupstaggingapi", "ec2": "ec2",
            "portal.sso": "sso", "oidc": "sso-oidc"}
# Newer rules than those of Debian's botocore: in GovCloud, the ordinary names of these services are
# FIPS endpoints, as those of STS are.
NEWER = {("sso", "aws-us-gov"), ("sso-oidc", "aws-us-gov")}
# Debian's botocore sends an account of another region to a dual-stack or FIPS name of that region,
# signed for the region that has Organizations. Newer rules use one name in a partition.
HOMES = {"aws": "us-east-1", "aws-cn": "cn-northwest-1", "aws-us-gov": "us-gov-west-1"}
EXTRA = {"UseGlobalEndpoint": False, "Accelerate": False, "UseArnRegion": False,
         "DisableMultiRegionAccessPoints": False}

LOADER = botocore.session.get_session().get_component("data_loader")
PARTITIONS = LOADER.load_data("partitions")
REGIONS = {partition["id"]: [name for name in partition["regions"] if "global" not in name]
           for partition in PARTITIONS["partitions"]}


def program():
    named = os.environ.get("CONFHOUSE_BUILD_DIR")
    found = [pathlib.Path(named) / "tests/print_endpoints"] if named else sorted(
        ROOT.glob("build/*/tests/print_endpoints"), key=lambda path: path.stat().st_mtime)
    if not found:
        pytest.fail("print_endpoints is not built: set CONFHOUSE_BUILD_DIR")
    return found[-1]


def ours(regions):
    """URL and signing region by (service, region, fips, dualstack); None where there is none."""
    done = subprocess.run([program(), *regions], capture_output=True, text=True, check=True,
                          timeout=60)
    answers = {}
    for line in done.stdout.splitlines():
        service, region, fips, dualstack, url, signing = line.split()
        answers[SERVICES[service], region, fips == "1", dualstack == "1"] = (
            None if url == "-" else (url, signing))
    return answers


def botocores(service, region, fips, dualstack):
    rules = LOADER.load_service_model(service, "endpoint-rule-set-1")
    wanted = {"Region": region, "UseFIPS": fips, "UseDualStack": dualstack, **EXTRA}
    known = {name: value for name, value in wanted.items() if name in rules["parameters"]}
    try:
        endpoint = EndpointProvider(rules, PARTITIONS).resolve_endpoint(**known)
    except EndpointProviderError:
        return None
    scheme = (endpoint.properties.get("authSchemes") or [{}])[0]
    return endpoint.url, scheme.get("signingRegion", region)


@pytest.mark.parametrize("partition", REGIONS)
def test_endpoints_are_those_of_botocore(partition):
    answers = ours(REGIONS[partition])
    assert len(answers) == len(REGIONS[partition]) * len(SERVICES) * 4
    for (service, region, fips, dualstack), answer in answers.items():
        asked = region
        if service == "organizations" and (dualstack or fips):
            asked = HOMES.get(partition, region)
        expected = botocores(service, asked, fips, dualstack)
        if (service, partition) in NEWER and fips and not dualstack:
            expected = (expected[0].replace("-fips", ""), expected[1])
        assert answer == expected, (service, region, fips, dualstack)


def test_an_unknown_region_has_no_endpoint():
    assert set(ours(["xx-west-1"]).values()) == {None}


def test_every_region_that_botocore_knows_is_known():
    table = (ROOT / "src/base/partition.c").read_text()
    for regions in REGIONS.values():
        for region in regions:
            assert region in table
