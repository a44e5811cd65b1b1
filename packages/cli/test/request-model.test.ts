import { gzipSync } from 'node:zlib';
import {
  addRequests,
  commitRequests,
  groupRequests,
  mapRequests,
  parseInputSplit,
  parseMapCommit,
  parsePartitionSegments,
  planRequests,
  type RequestCounts,
  reduceRequests,
} from '@mapreduce/shared-utils';
import { connectStore, type S3Server, startS3Server } from '@mapreduce/shared-utils/testing';
import batch from '../../../sam/statemachine/batch.asl.json';
import { createHandlerByState } from '../src/local/stages';
import { countRequests } from './count-requests';
import { createPipeline } from './run-in-memory';
import { createWorld } from './simulator/create-world';
import { SimulatedExecution } from './simulator/step-functions';

const MIB = 1024 * 1024;
const TEMP = 'my-temp-bucket';
const OUT = 'my-output-bucket';

/** Of as many distinct URLs, so that the shuffle object of a large split takes several parts. */
function linesOf(count: number): Buffer {
  const lines = Array.from(
    { length: count },
    (_, index) => `{"url":"/${String(index).padStart(80, '0')}"}\n`,
  );
  return Buffer.from(lines.join(''));
}

const INPUTS = {
  // An odd number of lines, so that no cut is at the end of one: the look past it is then needless.
  large: linesOf(200_001),
  'small.gz': gzipSync(linesOf(100)),
  bad: Buffer.from('{\n'),
  empty: Buffer.of(),
  'listed/folder/': Buffer.of(),
  'listed/a': linesOf(10),
};
const EXECUTION_INPUT = {
  run_id: 'r',
  output_prefix: 'out',
  input_files: ['large', 'small.gz', 'bad', 'empty'].map((key) => ({ bucket: 'in', key })),
  input_prefixes: [{ bucket: 'in', prefix: 'listed/' }],
};

/** What the model says of the run that the server holds, when only its commit is left to do. */
function modelRequests({ objects }: S3Server): Record<string, RequestCounts> {
  const find = (pattern: RegExp) => [...objects].filter(([name]) => pattern.test(name));
  const sizeOf = (name: string) => objects.get(name)?.length ?? 0;
  const only = (pattern: RegExp) => find(pattern)[0] as [string, Uint8Array];
  const linesAt = (name: string) =>
    Buffer.from(objects.get(name) ?? [])
      .toString()
      .trimEnd()
      .split('\n');

  const [splitList] = only(/plan-.*\.jsonl$/);
  const [inputList] = only(/inputs-.*\.jsonl$/);
  const [groupList] = only(/partitions\/0\.jsonl$/);
  const splits = linesAt(splitList).map((line) => parseInputSplit(splitList, line));
  const commits = splits.map(({ split }) => {
    const name = `${TEMP}/runs/r/map/${split}.json`;
    return parseMapCommit(name, linesAt(name).join());
  });
  const partitions = linesAt(groupList).map((line) => parsePartitionSegments(groupList, line));
  const rejectFiles = commits.filter(({ rejects }) => rejects !== null).length;
  return {
    planner: planRequests({
      named: 4,
      listed: [2],
      nonEmpty: 4,
      inputListBytes: sizeOf(inputList),
      splitListBytes: sizeOf(splitList),
    }),
    mapper: addRequests(
      ...splits.map(({ ranges, split }) => {
        const { shuffleKey = '', rejects = null } = commits[split] ?? {};
        return mapRequests({
          ranges,
          shuffleBytes: sizeOf(`${TEMP}/${shuffleKey}`),
          hasRejects: rejects !== null,
        });
      }),
    ),
    grouping: groupRequests(splits.length, sizeOf(groupList)),
    reducer: addRequests(
      ...partitions.map(({ partition, segments }) =>
        reduceRequests({
          groups: 1,
          segmentBytes: segments.map(({ length }) => length),
          outputBytes: sizeOf(`${OUT}/out/bucket_${partition}.json`),
        }),
      ),
    ),
    committer: commitRequests({
      groups: 1,
      partitions: partitions.filter(({ segments }) => segments.length > 0).length,
      inputListBytes: sizeOf(inputList),
      rejectFiles,
      temporaryObjects: find(/^my-temp-bucket\//).length,
    }),
  };
}

describe('the request model', () => {
  it('gives the requests that a server counts in a run, stage by stage, to the last one', async () => {
    const server = await startS3Server({ buckets: ['in', TEMP, OUT] });
    const store = connectStore(server);
    try {
      for (const [key, bytes] of Object.entries(INPUTS)) server.objects.set(`in/${key}`, bytes);
      const { deps } = createPipeline({
        splitBytes: 9 * MIB,
        numBuckets: 3,
        maxBadRecords: 1,
        tableBytes: 32 * MIB,
      });
      const world = createWorld(store, (state, event) =>
        createHandlerByState[state]({ ...deps, store })(event),
      );
      const counted: Record<string, RequestCounts> = {};
      let expected = {};
      const invoke = async (stage: string, payload: unknown) => {
        if (stage === 'committer') expected = modelRequests(server);
        const before = server.calls.length;
        const result = await world.invoke(stage, payload);
        const requests = countRequests(server.calls.slice(before));
        counted[stage] = addRequests(...(counted[stage] === undefined ? [] : [counted[stage]]), requests);
        return result;
      };
      const execution = new SimulatedExecution(
        batch,
        'STANDARD',
        { ...world, invoke },
        'arn:r',
        EXECUTION_INPUT,
      );
      expect(await execution.run()).toMatchObject({ unique: 200_001, total: 200_111 });
      expect(counted).toEqual(expected);
      expect(counted).toHaveProperty('mapper.puts', 13);
    } finally {
      store.destroy();
      await server.close();
    }
  });
});
