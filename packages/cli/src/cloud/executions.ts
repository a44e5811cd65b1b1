import {
  DescribeExecutionCommand,
  DescribeMapRunCommand,
  type DescribeMapRunOutput,
  ListExecutionsCommand,
  ListMapRunsCommand,
  RedriveExecutionCommand,
  SFNClient,
  StartExecutionCommand,
  StartSyncExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { callAws } from './aws-call';
import { type ConnectionFlags, toClientConfig } from './connect';

/** An Express execution ends after 300 s. A client that gave up sooner and tried again would run the job twice. */
const SYNC_TIMEOUT_MS = 310_000;

type ExecutionStatus = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED' | 'PENDING_REDRIVE';

export interface ExecutionOutcome {
  readonly status: ExecutionStatus;
  /** Of one that succeeded: what the machine returned. */
  readonly output: unknown;
  readonly error: string | null;
  readonly cause: string | null;
}

/** One Distributed Map of a batch execution. */
export interface MapProgress {
  readonly name: string;
  readonly total: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly running: number;
  readonly pending: number;
}

export interface ExecutionState extends ExecutionOutcome {
  readonly executionArn: string;
  readonly startedAt: string;
  readonly finishedAt: string | null;
  readonly redrives: number;
  readonly maps: readonly MapProgress[];
}

export interface ListedExecution {
  readonly executionArn: string;
  readonly name: string;
  readonly status: ExecutionStatus;
  readonly startedAt: string;
  readonly finishedAt: string | null;
}

type Answer = Readonly<Partial<Record<'status' | 'output' | 'error' | 'cause', string | undefined>>>;

/** Executions of the two state machines. Every call: @throws as `callAws` */
export class Executions {
  readonly #client: SFNClient;
  /** Never asks twice. */
  readonly #syncClient: SFNClient;

  constructor(flags: ConnectionFlags) {
    const config = toClientConfig(flags);
    // A local endpoint has no `sync-` host beside it.
    const environment: { AWS_ENDPOINT_URL?: string; AWS_ENDPOINT_URL_SFN?: string } = process.env;
    const endpoint = flags.endpointUrl ?? environment.AWS_ENDPOINT_URL_SFN ?? environment.AWS_ENDPOINT_URL;
    const disableHostPrefix = endpoint !== undefined;
    this.#client = new SFNClient({ ...config, retryMode: 'adaptive', maxAttempts: 8 });
    this.#syncClient = new SFNClient({
      ...config,
      disableHostPrefix,
      maxAttempts: 1,
      requestHandler: { requestTimeout: SYNC_TIMEOUT_MS },
    });
  }

  /** Runs the Express machine and waits for it; HTTP 200 is the answer of a failed execution too. */
  async runExpress(
    stateMachineArn: string,
    name: string,
    input: object,
    signal: AbortSignal,
  ): Promise<ExecutionOutcome> {
    const command = new StartSyncExecutionCommand({ stateMachineArn, name, input: JSON.stringify(input) });
    const answer = await callAws(`execution ${name}`, () =>
      this.#syncClient.send(command, { abortSignal: signal }),
    );
    return outcomeOf(answer);
  }

  /** Starting the same name with the same input again starts nothing, so that it may be asked again. */
  async startBatch(stateMachineArn: string, name: string, input: object): Promise<string> {
    const command = new StartExecutionCommand({ stateMachineArn, name, input: JSON.stringify(input) });
    const { executionArn = '' } = await callAws(`execution ${name}`, () => this.#client.send(command));
    return executionArn;
  }

  /** With the progress of its Distributed Maps: three calls at most for those of a batch execution. */
  async describe(executionArn: string): Promise<ExecutionState> {
    const answer = await callAws(`execution ${executionArn}`, () =>
      this.#client.send(new DescribeExecutionCommand({ executionArn })),
    );
    return {
      executionArn,
      startedAt: answer.startDate?.toISOString() ?? '',
      finishedAt: answer.stopDate?.toISOString() ?? null,
      redrives: answer.redriveCount ?? 0,
      maps: await this.#describeMaps(executionArn),
      ...outcomeOf(answer),
    };
  }

  async stop(executionArn: string): Promise<void> {
    const command = new StopExecutionCommand({ executionArn, error: 'Stopped', cause: 'by mapreduce stop' });
    await callAws(`execution ${executionArn}`, () => this.#client.send(command));
  }

  async redrive(executionArn: string): Promise<void> {
    await callAws(`execution ${executionArn}`, () =>
      this.#client.send(new RedriveExecutionCommand({ executionArn })),
    );
  }

  /** The youngest first. Of an Express machine AWS keeps no list. */
  async list(stateMachineArn: string, limit: number): Promise<ListedExecution[]> {
    const command = new ListExecutionsCommand({ stateMachineArn, maxResults: Math.min(limit, 1000) });
    const { executions = [] } = await callAws(`state machine ${stateMachineArn}`, () =>
      this.#client.send(command),
    );
    return executions.map(({ executionArn = '', name = '', status, startDate, stopDate }) => ({
      executionArn,
      name,
      status: status as ExecutionStatus,
      startedAt: startDate?.toISOString() ?? '',
      finishedAt: stopDate?.toISOString() ?? null,
    }));
  }

  destroy(): void {
    this.#client.destroy();
    this.#syncClient.destroy();
  }

  async #describeMaps(executionArn: string): Promise<MapProgress[]> {
    const what = `map runs of ${executionArn}`;
    const { mapRuns = [] } = await callAws(what, () =>
      this.#client.send(new ListMapRunsCommand({ executionArn })),
    );
    const maps: MapProgress[] = [];
    for (const { mapRunArn } of [...mapRuns].reverse()) {
      maps.push(
        progressOf(await callAws(what, () => this.#client.send(new DescribeMapRunCommand({ mapRunArn })))),
      );
    }
    return maps;
  }
}

function outcomeOf(answer: Answer): ExecutionOutcome {
  return {
    status: answer.status as ExecutionStatus,
    output: answer.output === undefined ? null : JSON.parse(answer.output),
    error: answer.error ?? null,
    cause: answer.cause ?? null,
  };
}

/** Its ARN ends with `/<label>:<id>`. */
function progressOf({ mapRunArn = '', itemCounts }: DescribeMapRunOutput): MapProgress {
  const {
    total = 0,
    succeeded = 0,
    failed = 0,
    timedOut = 0,
    aborted = 0,
    running = 0,
    pending = 0,
  } = itemCounts ?? {};
  return {
    name: /\/([^/:]+):[^:]*$/.exec(mapRunArn)?.[1] ?? 'Map',
    total,
    succeeded,
    failed: failed + timedOut + aborted,
    running,
    pending,
  };
}
