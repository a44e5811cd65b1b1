import type { ObjectStore, StageDeps } from '@mapreduce/shared-utils';
import { handlerExperiments } from '../src';

const MANIFEST = { bucket: 'out', objectKey: 'reduce-output/run/manifest.json' };

type Sabotage = (deps: StageDeps) => StageDeps;

const mockSabotages = new Map<string, Sabotage>();

function mockSabotaged<Stage extends object>(stage: Stage, name: string): Stage {
  const create = Reflect.get(stage, name) as (deps: StageDeps) => unknown;
  return { ...stage, [name]: (deps: StageDeps) => create(mockSabotages.get(name)?.(deps) ?? deps) };
}

jest.mock('@mapreduce/mapper', () =>
  mockSabotaged(jest.requireActual('@mapreduce/mapper'), 'createMapperHandler'),
);
jest.mock('@mapreduce/reducer', () =>
  mockSabotaged(jest.requireActual('@mapreduce/reducer'), 'createReducerHandler'),
);
jest.mock('@mapreduce/committer', () =>
  mockSabotaged(jest.requireActual('@mapreduce/committer'), 'createCommitterHandler'),
);

const withStore =
  (change: (store: ObjectStore) => Partial<ObjectStore>): Sabotage =>
  (deps) => ({ ...deps, store: { ...deps.store, ...change(deps.store) } });

/** What they would find broken, if the pipeline were. */
const SABOTAGES: readonly {
  readonly what: string;
  readonly handler: string;
  readonly foundBy: string;
  readonly finding: RegExp;
  readonly sabotage: () => Sabotage;
}[] = [
  {
    what: 'a committer that leaves a manifest before it has checked',
    handler: 'createCommitterHandler',
    foundBy: 'every-call',
    finding: /expected the undisturbed output or none, got another/,
    sabotage: () =>
      withStore((store) => ({
        async *read(ref, options) {
          if (/groups/.test(ref.objectKey)) await store.put(MANIFEST, Buffer.from('{"inputs":[]}'));
          yield* store.read(ref, options);
        },
        async put(ref, ...rest) {
          if (ref.objectKey === MANIFEST.objectKey) await store.delete([MANIFEST]);
          return store.put(ref, ...rest);
        },
      })),
  },
  {
    what: 'a mapper whose last attempt wins, unheard',
    handler: 'createMapperHandler',
    foundBy: 'twins',
    finding: /expected a report of reads another URL/,
    sabotage: () => withStore((store) => ({ put: (ref, bytes) => store.put(ref, bytes) })),
  },
  {
    what: 'a mapper that takes its input as it comes',
    handler: 'createMapperHandler',
    foundBy: 'changing-input',
    finding: /expected the undisturbed output or none, got another/,
    sabotage: () =>
      withStore((store) => ({
        read: (ref, { ifMatch: _, ...options } = {}) => store.read(ref, options),
      })),
  },
  {
    what: 'a reducer that remembers the plan of an earlier run',
    handler: 'createReducerHandler',
    foundBy: 'warm',
    finding: /warm, run \d+: .*(expected|got)/,
    sabotage: () => {
      const plans: Uint8Array[] = [];
      // What it is given may change from call to call, as in the experiment.
      return (deps) => ({
        get scratch() {
          return deps.scratch;
        },
        get config() {
          return deps.config;
        },
        log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
        now: deps.now,
        newAttemptId: () => deps.newAttemptId(),
        get store() {
          const { store } = deps;
          return {
            ...store,
            async *read(ref, options) {
              const isPlan = ref.objectKey.endsWith('/plan.json');
              if (isPlan && plans.length === 0)
                plans.push(...(await Array.fromAsync(store.read(ref, options))));
              yield* isPlan ? plans : store.read(ref, options);
            },
          } satisfies ObjectStore;
        },
      });
    },
  },
  {
    what: 'a reducer that loses what it has written',
    handler: 'createReducerHandler',
    foundBy: 'kill-tasks',
    finding: /expected the counts of the generator/,
    sabotage: () =>
      withStore((store) => ({
        createWriter(ref) {
          const writer = store.createWriter(ref);
          return { ...writer, close: () => writer.close().then(() => store.delete([ref])) };
        },
      })),
  },
];

describe('the experiments', () => {
  afterEach(() => mockSabotages.clear());

  it.each(SABOTAGES)('find $what', async ({ handler, foundBy, finding, sabotage }) => {
    const experiment = handlerExperiments.find(({ name }) => name === foundBy);
    mockSabotages.set(handler, sabotage());
    const run = experiment?.run({ seed: 1, scale: 'short' });
    await expect(run).rejects.toMatchObject({
      name: 'Finding',
      step: expect.stringContaining(foundBy),
      message: expect.stringMatching(finding),
    });
  });
});
