"""Prepares the emulator of .ci/deploy-check, then runs a deployed stack and holds it against local runs."""

import functools
import gzip
import json
import logging
import pathlib
import subprocess
import sys

import boto3
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

# The translator's word on metrics that it does not send.
logging.disable(logging.WARNING)
s3 = boto3.client('s3')


def create_buckets(*names):
    for name in names:
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={'LocationConstraint': s3.meta.region_name})


def adapt_templates(build):
    """What the emulator needs otherwise in the templates of a build."""
    for path in pathlib.Path(build).rglob('template.yaml'):
        template = yaml_parse(path.read_text())
        # Its own way to run Node functions drops the names of errors. As a custom runtime the same folder runs under
        # Lambda's runtime client.
        function = template.get('Globals', {}).get('Function', {})
        if function.get('Runtime') == 'nodejs24.x':
            function['Runtime'] = 'provided.al2023'
        # It makes no alarms of metric math.
        template['Resources'] = {name: resource for name, resource in template['Resources'].items()
                                 if resource['Type'] != 'AWS::CloudWatch::Alarm'
                                 or 'Metrics' not in resource['Properties']}
        path.write_text(json.dumps(template))


def expand_templates(bucket):
    """CloudFormation expands the SAM templates of nested stacks too; the emulator only the root's."""
    class NoManagedPolicies:
        def load(self):
            return {}

    for key in objects_of(bucket, ''):
        if key.endswith('.template'):
            template = yaml_parse(read(bucket, key).decode())
            if 'Transform' in template:
                body = json.dumps(transform(template, {}, NoManagedPolicies()))
                s3.put_object(Bucket=bucket, Key=key, Body=body.encode())


def run(stack, local, execution, node):
    outputs = outputs_of(stack)
    check_machine_roles(stack, outputs)
    run_events(stack, outputs['OutputBucketName'], pathlib.Path(local, 'events'))
    run_express(outputs, pathlib.Path(local, 'execution'), execution, node)
    run_batch(stack, pathlib.Path(local, 'execution'), execution, node)


def check_machine_roles(stack, outputs):
    """The emulator holds functions to their roles and state machines not: here its policy simulator is asked."""
    functions = [f'arn:aws:lambda:{s3.meta.region_name}:000000000000:function:{name}'
                 for name in functions_of(stack).values()]
    batch = outputs['BatchStateMachineArn']
    child = f'{batch.replace(":stateMachine:", ":execution:")}/Map:5f1c8c9e-7a52-4f0e-9d5b-0d8e2f6a1b34'
    run = f'arn:aws:s3:::{outputs["TempBucketName"]}/runs/a'
    follow = [f'states:{action}Execution' for action in ('Describe', 'Stop', 'Redrive')]
    for machine, needs in [
        (outputs['ExpressStateMachineArn'], [(['lambda:InvokeFunction'], functions)]),
        (batch, [(['lambda:InvokeFunction'], functions), (['states:StartExecution'], [batch]), (follow, [child]),
                 (['s3:GetObject'], [f'{run}/splits.jsonl']), (['s3:PutObject'], [f'{run}/map-results/manifest.json'])]),
    ]:
        role = boto3.client('stepfunctions').describe_state_machine(stateMachineArn=machine)['roleArn']
        for actions, resources in needs:
            expect(f'{role}: {actions} on {resources}', simulate(role, actions, resources), {'allowed'})
        expect(f'{role}: a function of others', simulate(role, ['lambda:InvokeFunction'], [f'{functions[0]}s']),
               {'implicitDeny'})
    print('roles of the state machines: allow what the machines do')


def simulate(role, actions, resources):
    iam = boto3.client('iam')
    return {result['EvalDecision'] for resource in resources
            for result in iam.simulate_principal_policy(PolicySourceArn=role, ActionNames=actions,
                                                        ResourceArns=[resource])['EvaluationResults']}


def run_events(stack, bucket, local):
    """The sample events in their order, and the errors in the shape that state machines match."""
    def invoke(stage, event):
        return invoke_function(stack, stage, event)

    error, result = invoke('Planner', {})
    expect('error of an empty event', (error, result['errorType']), ('Unhandled', 'InvalidInputError'))
    expect('plan', invoke('Planner', event('planner')), (None, {'run_id': 'sample-run', 'splits': [0]}))
    expect('map', invoke('Mapper', event('mapper')), (None, {'split': 0}))
    _, groups = invoke('Grouping', event('grouping'))
    if event('reducer')['partition'] not in groups['partitions']:
        raise SystemExit('events/reducer.json names a partition that the sample leaves empty')
    for partition in groups['partitions']:
        error, output = invoke('Reducer', {**event('reducer'), 'partition': partition})
        expect(f'error of partition {partition}', (error, output.get('errorMessage')), (None, None))
    error, totals = invoke('Committer', event('committer'))
    expect('commit', (error, totals['manifest_bucket']), (None, bucket))
    expect_local_bytes(bucket, 'reduce-output/sample-run/', local)
    print(f'events/*.json: {len(groups["partitions"])} outputs as counted locally')


def run_express(outputs, local, execution, node):
    def start(change):
        request = {**json.loads(pathlib.Path(execution).read_text()), 'num_buckets': 8, **change}
        file = pathlib.Path(execution).with_name('request.json')
        file.write_text(json.dumps(request))
        return subprocess.run([node, 'scripts/start-execution.mjs', '--input', file, '--state-machine-arn',
                               outputs['ExpressStateMachineArn']], capture_output=True, text=True)

    done = start({})
    expect('exit code', (done.returncode, done.stderr), (0, ''))
    listed = json.loads(done.stdout)
    names = [output['output_key'].rsplit('/', 1)[1] for output in listed]
    expect('outputs', names, sorted(local_outputs(local), key=lambda name: int(name[7:-5])))
    expect_local_bytes(outputs['OutputBucketName'], listed[0]['output_key'].rsplit('/', 1)[0] + '/', local)
    print(f'express machine: {len(listed)} outputs as counted locally')

    foreign = {'input_files': [{'bucket': 'private', 'key': 'a'}]}
    for change, error, message in [
        ({'max_bad_records': 0}, 'ErrorBudgetExceededError', 'file00.jsonl: byte 142509: expected one JSON object'),
        (foreign, 'StoreAccessError', 's3://private/a: got 403'),
    ]:
        failed = start(change)
        expect('exit code of a failed execution', failed.returncode, 2)
        if not failed.stderr.startswith(f'FAILED: {error}: ') or message not in failed.stderr:
            raise SystemExit(f'expected FAILED: {error}: …{message}…, got {failed.stderr}')
        print(f'express machine: FAILED with {error}')


def run_batch(stack, local, execution, node):
    """As a user submits it, by prefix."""
    [first, *_] = json.loads(pathlib.Path(execution).read_text())['input_files']
    bucket, prefix = first['bucket'], f'{first["key"].rsplit("/", 1)[0]}/'

    def submit(prefix, *options):
        done = subprocess.run([node, 'scripts/mapreduce.mjs', 'submit', f's3://{bucket}/{prefix}', '--stack', stack,
                               '--mode', 'batch', '--watch', '--json', '--num-buckets', '8',
                               '--endpoint-url', s3.meta.endpoint_url, *options], capture_output=True, text=True)
        if not done.stdout:
            raise SystemExit(f'mapreduce submit: {done.stderr}')
        return done.returncode, json.loads(done.stdout)

    code, done = submit(prefix)
    expect('batch execution', (code, done['status'], done.get('error')), (0, 'SUCCEEDED', None))
    manifest = done['output']['manifest_key']
    expect_local_bytes(done['output']['manifest_bucket'], manifest.removesuffix('manifest.json'), local)
    print('batch machine: as counted locally')

    s3.put_object(Bucket=bucket, Key='cut/short.jsonl.gz', Body=gzip.compress(b'{"url":"a"}\n' * 99)[:-4])
    for prefix, options, error in [
        (prefix, ['--max-bad-records', '0'], 'ErrorBudgetExceededError'),
        # A mapper's error, which the parent knows as this.
        ('cut/', [], 'States.ExceedToleratedFailureThreshold'),
    ]:
        code, failed = submit(prefix, *options)
        expect('failed batch execution', (code, failed['status'], failed['error']), (2, 'FAILED', error))
        print(f'batch machine: FAILED with {error}')


def event(stage):
    return json.loads(pathlib.Path('events', f'{stage}.json').read_text())


def invoke_function(stack, stage, payload):
    answer = boto3.client('lambda').invoke(FunctionName=functions_of(stack)[stage], Payload=json.dumps(payload))
    return answer.get('FunctionError'), json.loads(answer['Payload'].read())


@functools.cache
def functions_of(stack):
    """The physical names of the stack's functions by stage, those of its nested stacks included."""
    found = {}
    for resource in boto3.client('cloudformation').describe_stack_resources(StackName=stack)['StackResources']:
        if resource['ResourceType'] == 'AWS::CloudFormation::Stack':
            found |= functions_of(resource['PhysicalResourceId'])
        elif resource['ResourceType'] == 'AWS::Lambda::Function':
            found[resource['LogicalResourceId'].removesuffix('Function')] = resource['PhysicalResourceId']
    return found


def outputs_of(stack):
    [description] = boto3.client('cloudformation').describe_stacks(StackName=stack)['Stacks']
    return {output['OutputKey']: output['OutputValue'] for output in description['Outputs']}


def expect_local_bytes(bucket, prefix, local):
    """Every output of the run at `prefix` has the bytes of the local run, and the manifest its numbers."""
    found = {key[len(prefix):]: read(bucket, key) for key in objects_of(bucket, f'{prefix}bucket_')}
    expect('names of the outputs', sorted(found), sorted(local_outputs(local)))
    for name, data in local_outputs(local).items():
        if found[name] != data:
            raise SystemExit(f's3://{bucket}/{prefix}{name} has other bytes than the local run gave')
    manifest, expected = (json.loads(text) for text in (read(bucket, f'{prefix}manifest.json'),
                                                        (local / 'manifest.json').read_bytes()))
    for part in ('records', 'counts', 'top'):
        expect(f'{part} of the manifest', manifest[part], expected[part])


def local_outputs(local):
    return {file.name: file.read_bytes() for file in local.glob('bucket_*.json')}


def objects_of(bucket, prefix):
    pages = s3.get_paginator('list_objects_v2').paginate(Bucket=bucket, Prefix=prefix)
    return [entry['Key'] for page in pages for entry in page.get('Contents', [])]


def read(bucket, key):
    return s3.get_object(Bucket=bucket, Key=key)['Body'].read()


def expect(what, actual, expected):
    if actual != expected:
        raise SystemExit(f'{what}: expected {expected!r}, got {actual!r}')


command, *arguments = sys.argv[1:]
{'create-buckets': create_buckets, 'adapt-templates': adapt_templates, 'expand-templates': expand_templates,
 'run': run}[command](*arguments)
