import { type ObjectStore, readText } from '@mapreduce/shared-utils';
import { type Data, evaluate, fillTemplate, placeResult, type Scope } from './paths';

/** Step Functions' quotas, as its documentation gave them in November 2026. */
const MAX_PAYLOAD_BYTES = 262_144;
const MAX_HISTORY_EVENTS = 25_000;
const MAX_EXPRESS_SECONDS = 300;
const MAX_INLINE_CONCURRENCY = 40;

export interface World {
  readonly store: ObjectStore;
  /** A Lambda function by its ARN, which is what `substitutions` say. */
  readonly invoke: (functionArn: string, payload: Data) => Promise<Data>;
  readonly substitutions: Readonly<Record<string, string>>;
  /** How long a task takes, in seconds of the simulation. */
  readonly secondsOf?: (functionArn: string, payload: Data) => number;
}

/** What an execution has used of the quotas. */
export interface Usage {
  largestPayload: number;
  historyEvents: number;
  childExecutions: number;
  seconds: number;
}

interface At {
  readonly output: Data;
  readonly seconds: number;
}

/** An error as a state machine sees it. Nothing catches or retries a broken quota. */
class StateError extends Error {
  readonly error: string;
  override readonly cause: string;
  readonly isQuota: boolean;

  constructor(error: string, cause: string, isQuota = false) {
    super(`${error}: ${cause}`);
    this.error = error;
    this.cause = cause;
    this.isQuota = isQuota;
  }
}

/**
 * One execution of a state machine under the quotas of Step Functions. Tasks run one after another; the time that
 * they would take side by side is computed.
 */
export class SimulatedExecution {
  readonly usage: Usage = { largestPayload: 0, historyEvents: 0, childExecutions: 0, seconds: 0 };
  readonly #definition: Data;
  readonly #world: World;
  readonly #isExpress: boolean;
  readonly #context: Data;
  readonly #doneChildren = new Set<string>();
  #state: string;
  #input: Data;

  constructor(definition: Data, type: 'EXPRESS' | 'STANDARD', world: World, id: string, input: Data) {
    this.#definition = substitute(definition, world.substitutions);
    this.#isExpress = type === 'EXPRESS';
    this.#world = world;
    this.#context = { Execution: { Id: id } };
    this.#state = this.#definition.StartAt;
    this.#input = input;
  }

  /** Runs on from where a failed run stopped: at first from the start, later as a redrive does. */
  async run(): Promise<Data> {
    this.#count(1);
    const end = await this.#runStates(
      this.#definition,
      this.#state,
      this.#input,
      0,
      this.#context,
      (state, input) => {
        this.#state = state;
        this.#input = input;
      },
    );
    this.#count(1);
    this.usage.seconds = end.seconds;
    if (this.#isExpress) requireExpressTime(end.seconds);
    return end.output;
  }

  async #runStates(
    { States }: Data,
    first: string,
    input: Data,
    startedAt: number,
    context: Data,
    onEnter: (state: string, input: Data) => void = () => undefined,
  ): Promise<At> {
    let at: At = { output: input, seconds: startedAt };
    for (let name: string | undefined = first; name !== undefined; ) {
      onEnter(name, at.output);
      const state: Data = States[name];
      this.#weigh(at.output);
      this.#count(2);
      const scope = { input: at.output, context };
      try {
        at = await this.#runState(name, state, scope, at.seconds);
        name = state.Type === 'Choice' ? choose(state, scope) : state.Next;
      } catch (error) {
        const handler = state.Catch?.find(({ ErrorEquals }: Data) => matches(ErrorEquals, error));
        if (handler === undefined) throw error;
        const caught = error as StateError;
        const result = { Error: caught.error, Cause: caught.cause };
        at = { output: placeResult(handler.ResultPath, at.output, result), seconds: at.seconds };
        name = handler.Next;
      }
      this.#weigh(at.output);
    }
    return at;
  }

  async #runState(name: string, state: Data, scope: Scope, seconds: number): Promise<At> {
    if (state.Type === 'Choice') return { output: scope.input, seconds };
    if (state.Type === 'Fail') {
      throw new StateError(evaluate(state.ErrorPath, scope), evaluate(state.CausePath, scope));
    }
    const ran = state.Type === 'Task' ? this.#runTask : this.#runMap;
    const { output: result, seconds: end } = await ran.call(this, name, state, scope, seconds);
    this.#weigh(result);
    const selected =
      'ResultSelector' in state ? fillTemplate(state.ResultSelector, { ...scope, input: result }) : result;
    const placed = placeResult(state.ResultPath, scope.input, selected);
    const output = 'OutputPath' in state ? evaluate(state.OutputPath, { ...scope, input: placed }) : placed;
    return { output, seconds: end };
  }

  async #runTask(_: string, state: Data, scope: Scope, startedAt: number): Promise<At> {
    const { FunctionName, Payload } = fillTemplate(state.Parameters, scope);
    this.#weigh(Payload);
    const attempts = new Map<Data, number>();
    for (let seconds = startedAt; ; ) {
      this.#count(3);
      seconds += this.#world.secondsOf?.(FunctionName, Payload) ?? 1;
      try {
        return { output: { Payload: await this.#world.invoke(FunctionName, Payload) }, seconds };
      } catch (thrown) {
        const { name, message } = thrown as Error;
        const error = thrown instanceof StateError ? thrown : new StateError(name, message);
        const retrier = state.Retry.find(({ ErrorEquals }: Data) => matches(ErrorEquals, error));
        const attempt = attempts.get(retrier) ?? 0;
        if (retrier === undefined || attempt === retrier.MaxAttempts) throw error;
        attempts.set(retrier, attempt + 1);
        seconds += Math.min(
          retrier.IntervalSeconds * retrier.BackoffRate ** attempt,
          retrier.MaxDelaySeconds,
        );
      }
    }
  }

  async #runMap(name: string, state: Data, scope: Scope, startedAt: number): Promise<At> {
    const isDistributed = state.ItemProcessor.ProcessorConfig.Mode === 'DISTRIBUTED';
    const items = await this.#readItems(state, scope);
    const atOnce = isDistributed
      ? evaluate(state.MaxConcurrencyPath, scope)
      : Math.min(state.MaxConcurrency, MAX_INLINE_CONCURRENCY);
    this.#count(isDistributed ? 4 : 2);
    const lanes = new Array<number>(Math.min(atOnce, Math.max(items.length, 1))).fill(startedAt);
    const outputs = [];
    for (const [index, item] of items.entries()) {
      const lane = index % lanes.length;
      const itemScope = {
        ...scope,
        context: { ...scope.context, Map: { Item: { Index: index, Value: item } } },
      };
      const input = fillTemplate(state.ItemSelector, itemScope);
      const run = isDistributed ? this.#runChild : this.#runIteration;
      const { output, seconds } = await run.call(
        this,
        `${name}/${index}`,
        state.ItemProcessor,
        input,
        lanes[lane] as number,
        itemScope.context,
      );
      lanes[lane] = seconds;
      outputs.push(output);
    }
    const output = isDistributed ? await this.#writeResults(state, scope, outputs) : outputs;
    return { output, seconds: lanes.reduce((last, each) => Math.max(last, each), startedAt) };
  }

  async #readItems(state: Data, scope: Scope): Promise<Data[]> {
    if (!('ItemReader' in state)) return evaluate(state.ItemsPath, scope);
    const { Bucket, Key } = fillTemplate(state.ItemReader.Parameters, scope);
    const text = await readText(this.#world.store, { bucket: Bucket, objectKey: Key });
    const lines = text.split('\n').slice(0, -1);
    for (const line of lines) requirePayload(Buffer.byteLength(line));
    return lines.map((line) => JSON.parse(line));
  }

  async #runIteration(
    _: string,
    processor: Data,
    input: Data,
    startedAt: number,
    context: Data,
  ): Promise<At> {
    this.#count(2);
    return this.#runStates(processor, processor.StartAt, input, startedAt, context);
  }

  /** An Express execution of its own, with its own five minutes and a history that is not the parent's. */
  async #runChild(id: string, processor: Data, input: Data, startedAt: number, context: Data): Promise<At> {
    if (this.#doneChildren.has(id)) return { output: null, seconds: startedAt };
    this.usage.childExecutions++;
    const events = this.usage.historyEvents;
    try {
      const end = await this.#runStates(processor, processor.StartAt, input, startedAt, context);
      requireExpressTime(end.seconds - startedAt);
      this.#doneChildren.add(id);
      return end;
    } catch (error) {
      if ((error as StateError).isQuota) throw error;
      throw new StateError('States.ExceedToleratedFailureThreshold', (error as Error).message);
    } finally {
      this.usage.historyEvents = events;
    }
  }

  async #writeResults({ ResultWriter }: Data, scope: Scope, outputs: readonly Data[]): Promise<Data> {
    const { Bucket: bucket, Prefix } = fillTemplate(ResultWriter.Parameters, scope);
    const Key = `${Prefix}/map-run/manifest.json`;
    const write = (objectKey: string, content: Data) =>
      this.#world.store.put({ bucket, objectKey }, Buffer.from(JSON.stringify(content)));
    await write(`${Prefix}/map-run/SUCCEEDED_0.json`, outputs);
    await write(Key, { DestinationBucket: bucket });
    return { MapRunArn: 'arn:aws:states:::mapRun', ResultWriterDetails: { Bucket: bucket, Key } };
  }

  #weigh(payload: Data): void {
    const bytes = Buffer.byteLength(JSON.stringify(payload ?? null));
    this.usage.largestPayload = Math.max(this.usage.largestPayload, bytes);
    requirePayload(bytes);
  }

  #count(events: number): void {
    this.usage.historyEvents += events;
    if (this.#isExpress || this.usage.historyEvents <= MAX_HISTORY_EVENTS) return;
    throw new StateError('States.Runtime', `more than ${MAX_HISTORY_EVENTS} events in the history`, true);
  }
}

function requirePayload(bytes: number): void {
  if (bytes <= MAX_PAYLOAD_BYTES) return;
  throw new StateError('States.DataLimitExceeded', `${bytes} bytes`, true);
}

function requireExpressTime(seconds: number): void {
  if (seconds <= MAX_EXPRESS_SECONDS) return;
  throw new StateError('States.Timeout', `${Math.ceil(seconds)} s in an Express execution`, true);
}

function matches(names: readonly string[], error: unknown): boolean {
  if (!(error instanceof StateError) || error.isQuota) return false;
  return names.includes('States.ALL') || names.includes(error.error);
}

function choose({ Choices, Default }: Data, scope: Scope): string {
  const chosen = Choices.find(
    ({ Variable, NumericGreaterThan }: Data) => evaluate(Variable, scope) > NumericGreaterThan,
  );
  return (chosen ?? { Next: Default }).Next;
}

function substitute(definition: Data, substitutions: Readonly<Record<string, string>>): Data {
  const json = JSON.stringify(definition).replace(/\$\{(\w+)\}/g, (_, name: string) => {
    const value = substitutions[name];
    if (value === undefined) throw new Error(`expected a substitution for ${name}`);
    return value;
  });
  return JSON.parse(json);
}
