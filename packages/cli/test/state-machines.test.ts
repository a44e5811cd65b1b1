import { StoreAccessError, StoreUnavailableError } from '@mapreduce/shared-utils';
import batch from '../../../sam/statemachine/batch.asl.json';
import express from '../../../sam/statemachine/express.asl.json';
import { createPipeline, type Pipeline, putText } from './run-in-memory';
import { createWorld } from './simulator/create-world';
import { SimulatedExecution, type World } from './simulator/step-functions';

const LINE_BYTES = 20;
const EXECUTION = 'arn:aws:states:ap-south-1:123456789012:execution:machine:run';

const INPUT = { input_files: [{ bucket: 'in', key: 'a' }], output_prefix: 'out', run_id: 'r' };

/** A pipeline whose input has as many splits, of a line each. */
async function createInput(splits: number): Promise<Pipeline> {
  const pipeline = createPipeline({ splitBytes: LINE_BYTES, numBuckets: 4, tableBytes: 65_536 });
  const lines = Array.from(
    { length: splits },
    (_, index) => `{"url":"${String(index % 977).padEnd(9, 'x')}"}\n`,
  );
  await putText(pipeline.store, 'in', 'a', lines.join(''));
  return pipeline;
}

const worldOf = ({ store, invoke }: Pipeline, change?: Partial<World>) => createWorld(store, invoke, change);

const start = (machine: object, world: World) =>
  new SimulatedExecution(machine, machine === express ? 'EXPRESS' : 'STANDARD', world, EXECUTION, INPUT);

const outputsOf = ({ store }: Pipeline) =>
  [...store.objects].filter(([name]) => /bucket_\d+\.json$/.test(name)).sort();

describe('the state machines, under the quotas of Step Functions', () => {
  it.each([0, 1, 1000])('give the same bytes for %d splits', async (splits) => {
    const [short, long] = [await createInput(splits), await createInput(splits)];
    const expressOutput = await start(express, worldOf(short)).run();
    const batchOutput = await start(batch, worldOf(long)).run();
    expect(outputsOf(long)).toEqual(outputsOf(short));
    expect(expressOutput).toHaveLength(Math.min(splits, 4));
    expect(batchOutput).toMatchObject({ manifest_key: 'out/manifest.json', lines: splits });
  });

  it('hold 100,000 splits in the batch machine, which leaves nothing behind but the plan', async () => {
    const { store, ...pipeline } = await createInput(100_000);
    const execution = start(batch, worldOf({ store, ...pipeline }));
    expect(await execution.run()).toMatchObject({ lines: 100_000, unique: 977, total: 100_000 });
    expect(execution.usage.childExecutions).toBe(100_000 + 4);
    expect(execution.usage.largestPayload).toBeLessThan(2000);
    expect(execution.usage.historyEvents).toBeLessThan(1000);
    const left = [...store.objects.keys()].filter((name) => name.startsWith('my-temp-bucket/'));
    expect(left).toEqual(['my-temp-bucket/runs/r/plan.json']);
  });

  it('refuse 100,000 splits in the Express machine, by an error that names the other', async () => {
    const execution = start(express, worldOf(await createInput(100_000)));
    await expect(execution.run()).rejects.toMatchObject({
      error: 'PlanLimitError',
      cause: expect.stringContaining('start the batch state machine'),
    });
  });

  it('hold the most splits that the Express machine takes, in its payloads', async () => {
    const execution = start(express, worldOf(await createInput(10_000), { secondsOf: () => 0.5 }));
    expect(await execution.run()).toHaveLength(4);
    expect(execution.usage.largestPayload).toBeGreaterThan(100_000);
  });

  it.each([
    ['runs for more than five minutes', 'States.Timeout', { secondsOf: () => 61 }],
    [
      'hands on more than 256 KiB',
      'States.DataLimitExceeded',
      { invoke: async () => ({ run_id: 'r', splits: 'x'.repeat(262_144) }) },
    ],
  ])('end an Express execution that %s, uncaught', async (_, error, change) => {
    const execution = start(express, worldOf(await createInput(1), change));
    await expect(execution.run()).rejects.toMatchObject({ error, isQuota: true });
  });

  it('try a task again after an error that may pass', async () => {
    const pipeline = await createInput(10);
    const invocations = new Map<string, number>();
    const invoke: World['invoke'] = (arn, payload) => {
      const attempt = invocations.get(arn) ?? 0;
      invocations.set(arn, attempt + 1);
      if (attempt === 1 || (arn === 'committer' && attempt < 4))
        throw new StoreUnavailableError('S3: got 503');
      return worldOf(pipeline).invoke(arn, payload);
    };
    const execution = start(batch, worldOf(pipeline, { invoke }));
    expect(await execution.run()).toMatchObject({ total: 10 });
    expect(invocations).toEqual(
      new Map([
        ['planner', 1],
        ['mapper', 11],
        ['grouping', 1],
        ['reducer', 5],
        ['committer', 5],
      ]),
    );
  });

  it('redrive a batch execution by what failed and nothing else', async () => {
    const pipeline = await createInput(100);
    let mapped = 0;
    let isBroken = true;
    const invoke: World['invoke'] = (arn, payload) => {
      if (arn === 'mapper' && mapped === 60 && isBroken) throw new StoreAccessError('s3://in/a: got 403');
      if (arn === 'mapper') mapped++;
      return worldOf(pipeline).invoke(arn, payload);
    };
    const execution = start(batch, worldOf(pipeline, { invoke }));
    await expect(execution.run()).rejects.toMatchObject({
      error: 'States.ExceedToleratedFailureThreshold',
      cause: expect.stringContaining('StoreAccessError: s3://in/a: got 403'),
    });
    isBroken = false;
    expect(await execution.run()).toMatchObject({ total: 100 });
    expect(mapped).toBe(100);
  });
});
