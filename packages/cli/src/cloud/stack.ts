import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { InputNotFoundError, InvalidInputError, quote } from '@mapreduce/shared-utils';
import { callAws } from './aws-call';
import { type ConnectionFlags, toClientConfig } from './connect';

/** What a deployment of either layout gives as its outputs. */
export interface Stack {
  readonly expressArn: string;
  readonly batchArn: string;
  readonly tempBucket: string;
  readonly outputBucket: string;
}

/** @throws InputNotFoundError where there is no such stack, InvalidInputError where it is another one */
export async function findStack(name: string, flags: ConnectionFlags): Promise<Stack> {
  const client = new CloudFormationClient(toClientConfig(flags));
  try {
    const { Stacks: [stack] = [] } = await callAws(`stack ${name}`, () => describe(client, name));
    const outputs = new Map(stack?.Outputs?.map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue]));
    const outputOf = (key: string): string => {
      const value = outputs.get(key);
      if (value !== undefined) return value;
      throw new InvalidInputError(
        `stack ${name}: expected the output ${key}, got ${[...outputs.keys()].join(', ') || 'none'}; name the root stack of this project, deployed as it is now`,
      );
    };
    return {
      expressArn: outputOf('ExpressStateMachineArn'),
      batchArn: outputOf('BatchStateMachineArn'),
      tempBucket: outputOf('TempBucketName'),
      outputBucket: outputOf('OutputBucketName'),
    };
  } finally {
    client.destroy();
  }
}

async function describe(client: CloudFormationClient, name: string) {
  try {
    return await client.send(new DescribeStacksCommand({ StackName: name }));
  } catch (cause) {
    if (!(cause instanceof Error) || !/does not exist/.test(cause.message)) throw cause;
    throw Object.assign(
      new InputNotFoundError(
        `stack ${quote(name)}: expected a deployed stack, got none in this Region; check the name, --region and --profile`,
        { cause },
      ),
    );
  }
}
