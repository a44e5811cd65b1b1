"""Expands templates as CloudFormation does, with the SAM translator, and holds what it makes to what they say.

The permissions in the templates are held to a table by packages/cli/test/permissions.test.ts. Here: the translator
adds no role, no policy and no permission to them, changes none, and gives every function and every state machine
the role that is written for it. Usage: check-expansion.py <template>...
"""

import copy
import logging
import os
import sys

os.environ.setdefault("AWS_DEFAULT_REGION", "ap-south-1")
logging.disable(logging.WARNING)

from samtranslator.parser.parser import Parser  # noqa: E402
from samtranslator.translator.translator import Translator  # noqa: E402
from samtranslator.yaml_helper import yaml_parse  # noqa: E402

ROLE_PROPERTIES = {"AWS::Lambda::Function": "Role", "AWS::StepFunctions::StateMachine": "RoleArn"}

# What `sam package` replaces by the address of an upload.
UPLOADS = {"CodeUri": "s3://bucket/code", "DefinitionUri": "s3://bucket/definition", "Location": "https://bucket/template"}


def read_template(path):
    with open(path, encoding="utf-8") as file:
        template = yaml_parse(file.read())
    for resource in template["Resources"].values():
        properties = resource.get("Properties", {})
        properties.update({name: url for name, url in UPLOADS.items() if name in properties})
    return template


def expand(template):
    defaults = {name: parameter.get("Default", "given") for name, parameter in template.get("Parameters", {}).items()}
    translator = Translator(managed_policy_map={}, sam_parser=Parser())
    return translator.translate(copy.deepcopy(template), parameter_values=defaults)


def permissions_of(template):
    """Everything that allows somebody something."""
    kinds = ("AWS::IAM::", "AWS::Lambda::Permission", "AWS::S3::BucketPolicy", "AWS::SQS::QueuePolicy")
    return {name: resource for name, resource in template["Resources"].items() if resource["Type"].startswith(kinds)}


def check(path):
    written = read_template(path)
    expanded = expand(written)
    before, after = permissions_of(written), permissions_of(expanded)
    assert after == before, f"{path}: expected {sorted(before)} as written, got {sorted(after)}: {after}"
    users = 0
    for name, resource in expanded["Resources"].items():
        role = ROLE_PROPERTIES.get(resource["Type"])
        if role is None:
            continue
        expected = {"Fn::GetAtt": [name.removesuffix("Function") + "Role", "Arn"]}
        assert resource["Properties"][role] == expected, f"{path}: {name}: got {resource['Properties'][role]}"
        users += 1
    print(f"{path}: {users} users of roles, {len(after)} roles and policies, none by the translator")
    return users


counts = [check(path) for path in sys.argv[1:]]
assert sum(counts) == 14, f"expected five functions and two machines in both layouts, got {sum(counts)}"
