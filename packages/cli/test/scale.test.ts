import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import {
  addRequests,
  type InputSplit,
  type ObjectStore,
  parseInputSplit,
  predictRequests,
  type RequestCounts,
  readText,
} from '@mapreduce/shared-utils';
import batch from '../../../sam/statemachine/batch.asl.json';
import { createHandlerByState } from '../src/local/stages';
import { createPipeline } from './run-in-memory';
import { createWorld } from './simulator/create-world';
import { SimulatedExecution, type Usage } from './simulator/step-functions';

const TEMP = 'my-temp-bucket';
const OBJECT_BYTES = 4_000_000_000;

/** What a mapper finds and hands on: so many distinct URLs, of so many bytes. */
const URLS_PER_SPLIT = 100_000;
const URL_BYTES = 80;

/** As documented: what S3 serves from one prefix before it has grown, and a function's network. */
const GETS_PER_SECOND = 5500;
const BYTES_PER_SECOND = 69_000_000;

const SIZES = [
  { name: '1 TB', objects: 250, partitions: 32 },
  { name: '1 PB', objects: 250_000, partitions: 128 },
];

/** Objects that are there in name and size only. */
function withInputs(memory: ObjectStore, objects: number): ObjectStore {
  return {
    ...memory,
    async *list(bucket, prefix) {
      if (bucket !== 'in') yield* memory.list(bucket, prefix);
      else
        for (let at = 0; at < objects; at++)
          yield { objectKey: `${prefix}${at}.jsonl`, size: OBJECT_BYTES, etag: '"e"' };
    },
    async *read(ref, options) {
      if (ref.bucket !== 'in') yield* memory.read(ref, options);
      else yield Buffer.from('{"url');
    },
  };
}

/** The real plan of the real planner, and the real machine over it; what its other tasks return has their shape. */
async function simulate(objects: number, partitions: number) {
  const { deps, store: memory } = createPipeline({ numBuckets: partitions });
  const store = withInputs(memory, objects);
  let planned: { splits_key: string } | undefined;
  const world = createWorld(store, async (state, payload) => {
    if (state === 'MapSplit') return { split: (payload as { split: number }).split };
    if (state === 'Group') return { group: 0, partitions: [] };
    if (state !== 'Plan') return { manifest_bucket: 'my-output-bucket', manifest_key: 'out/manifest.json' };
    planned = (await createHandlerByState.Plan({ ...deps, store })(payload)) as { splits_key: string };
    return planned;
  });
  const input = { input_prefixes: [{ bucket: 'in', prefix: 'logs/' }], run_id: 'r' };
  const execution = new SimulatedExecution(batch, 'STANDARD', world, 'arn:r', input);
  await execution.run();
  const list = await readText(store, { bucket: TEMP, objectKey: planned?.splits_key ?? '' });
  const splits = list
    .trimEnd()
    .split('\n')
    .map((line) => parseInputSplit('splits', line));
  return { usage: execution.usage, splits, splitListBytes: list.length };
}

interface Scale {
  readonly objects: number;
  readonly partitions: number;
  readonly splits: readonly InputSplit[];
  readonly splitListBytes: number;
}

const number = (value: number) => Math.round(value).toLocaleString('en-US');
const dollars = (value: number) => `$${value.toFixed(2)}`;

/** The prices of us-east-1. */
const priceOf = ({ puts, gets, lists }: RequestCounts) => ((puts + lists) * 5 + gets * 0.4) / 1e6;

function rowsOf(scale: Scale, usage: Usage): [string, string][] {
  const { objects, partitions, splits, splitListBytes } = scale;
  const requests = predictRequests({
    inputs: { named: 0, listed: [objects], nonEmpty: objects },
    inputCount: objects,
    splits,
    groups: Math.ceil(splits.length / 1000),
    partitions,
    urlsPerSplit: URLS_PER_SPLIT,
    urlBytes: URL_BYTES,
  });
  const all = addRequests(...Object.values(requests));
  const bytesOf = ({ ranges }: InputSplit) => ranges.reduce((sum, { start, end }) => sum + end - start, 0);
  const longest = splits.reduce((most, split) => Math.max(most, bytesOf(split)), 0);
  const longestItem = splits.reduce((most, split) => Math.max(most, JSON.stringify(split).length), 0);
  const reduceGets = requests.reduce.gets;
  return [
    ['Input objects, of 4 GB', number(objects)],
    ['Partitions', number(partitions)],
    ['Splits', number(splits.length)],
    ['Largest split, MB', number(longest / 1e6)],
    ['Express executions', number(usage.childExecutions)],
    ['Events in the history of the parent (of 25,000)', number(usage.historyEvents)],
    ['Largest payload of a state, bytes (of 262,144)', number(usage.largestPayload)],
    ['Longest item of a Map, bytes (of 262,144)', number(longestItem)],
    ['List of splits, MB', (splitListBytes / 1e6).toFixed(1)],
    ['PUT, POST', number(all.puts)],
    ['GET, HEAD', number(all.gets)],
    ['LIST', number(all.lists)],
    ['DELETE', number(all.deletes)],
    ['All requests of S3', dollars(priceOf(all))],
    ['Longest mapper, s at 69 MB/s (of 280)', number(longest / BYTES_PER_SECOND)],
    ['Segments of a partition', number(splits.length)],
    [
      'Bytes of a partition, GB',
      ((splits.length * URLS_PER_SPLIT * URL_BYTES) / partitions / 1e9).toFixed(1),
    ],
    ['All reducers, s at 5,500 GET/s', number(reduceGets / GETS_PER_SECOND)],
  ];
}

describe('docs/scale.md', () => {
  it('holds what a terabyte and a petabyte come to, by the real plan and the real machine, inside the quotas', async () => {
    const columns = [];
    for (const { objects, partitions } of SIZES) {
      const { usage, ...plan } = await simulate(objects, partitions);
      columns.push(rowsOf({ objects, partitions, ...plan }, usage));
    }
    const [tera = [], peta = []] = columns;
    const table = [
      `| | ${SIZES.map(({ name }) => name).join(' | ')} |`,
      '|---|---:|---:|',
      ...tera.map(([label, value], row) => `| ${label} | ${value} | ${peta[row]?.[1]} |`),
    ].join('\n');
    expect(readFileSync(resolve(__dirname, '../../../docs/scale.md'), 'utf8')).toContain(table);
  });
});
