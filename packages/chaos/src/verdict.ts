import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { type ObjectStore, readBytes } from '@mapreduce/shared-utils';
import type { BusyStore } from './busy-store';
import { expectThat } from './experiment';
import { type Job, OUT } from './job';
import type { RunReport } from './run';

/** Everything that a reader could take for an output: checksums by key, and what the manifest says. */
export interface Output {
  readonly checksums: ReadonlyMap<string, string>;
  /** Without its timings and the inputs' etags, which are times too on a disk; null where there is none. */
  readonly manifest: object | null;
}

/**
 * `identical`: the very output of an undisturbed run. `failed`: an error and no manifest. `unheard`: the whole
 * output with its manifest stands there, and the execution failed for what came afterwards.
 */
export type Verdict = 'identical' | 'failed' | 'unheard';

export async function readOutput(store: ObjectStore): Promise<Output> {
  const checksums = new Map<string, string>();
  let manifest: object | null = null;
  for await (const { objectKey } of store.list(OUT, '')) {
    const bytes = await readBytes(store, { bucket: OUT, objectKey });
    if (objectKey.endsWith('manifest.json')) manifest = readManifest(bytes);
    else checksums.set(objectKey, createHash('sha256').update(bytes).digest('hex'));
  }
  return { checksums, manifest };
}

/** @throws where the run ended in neither of the allowed ways: the third state */
export async function judge(
  store: BusyStore,
  { end }: RunReport,
  ...references: readonly Output[]
): Promise<Verdict> {
  await store.settled();
  const output = await readOutput(store);
  const told = end.kind === 'failed' ? `failed with ${end.error.name}: ${end.error.message}` : 'succeeded';
  if (output.manifest === null) {
    expectThat(end.kind === 'failed', () => 'expected a manifest of a run that succeeded, got none');
    return 'failed';
  }
  const isKnown = references.some((reference) => isDeepStrictEqual(output, reference));
  expectThat(
    isKnown,
    () =>
      `expected the undisturbed output or none, got another; the run ${told}; ${difference(output, references)}`,
  );
  if (end.kind === 'failed') return 'unheard';
  expectThat(
    isDeepStrictEqual(end.result, outputsOf(output.manifest)),
    () => `expected the outputs of the manifest as the result, got ${JSON.stringify(end.result)}`,
  );
  return 'identical';
}

/** The same, where only one end will do. */
export async function requireIdentical(
  store: BusyStore,
  report: RunReport,
  reference: Output,
): Promise<void> {
  const verdict = await judge(store, report, reference);
  if (verdict === 'identical') return;
  const { name, message } = (report.end as { error: Error }).error;
  throw new Error(`expected a run that succeeds, got one that failed with ${name}: ${message}`);
}

/** Holds the output of an undisturbed run to the answer that was known beforehand. */
export async function requireKnownAnswer(store: ObjectStore, job: Job): Promise<void> {
  const counts = new Map<string, number>();
  for await (const { objectKey } of store.list(OUT, '')) {
    if (!/\/bucket_\d+\.json$/.test(objectKey)) continue;
    const text = Buffer.from(await readBytes(store, { bucket: OUT, objectKey })).toString();
    for (const line of text.split('\n')) {
      const [, url, count] = /^(".*"):(\d+),?$/.exec(line) ?? [];
      if (url !== undefined) counts.set(JSON.parse(url), Number(count));
    }
  }
  expectThat(isDeepStrictEqual(counts, new Map(job.counts)), () => 'expected the counts of the generator');
}

/** What the execution returns of it. */
function outputsOf(manifest: object): object[] {
  const { outputs } = manifest as { outputs: { output_bucket: string; output_key: string }[] };
  return outputs.map(({ output_bucket, output_key }) => ({ output_bucket, output_key }));
}

function readManifest(bytes: Uint8Array): object {
  const { timings: _, inputs, ...manifest } = JSON.parse(Buffer.from(bytes).toString());
  return { ...manifest, inputs: inputs.map(({ etag: _, ...input }: Record<string, unknown>) => input) };
}

function difference({ checksums, manifest }: Output, [reference]: readonly Output[]): string {
  if (reference === undefined) return 'there was none to compare with';
  const keys = new Set([...checksums.keys(), ...reference.checksums.keys()]);
  const different = [...keys].filter((key) => checksums.get(key) !== reference.checksums.get(key));
  const fields = Object.keys(manifest ?? {}).filter(
    (field) =>
      !isDeepStrictEqual(Reflect.get(manifest ?? {}, field), Reflect.get(reference.manifest ?? {}, field)),
  );
  return `objects that differ: ${different.join(', ') || 'none'}; fields of the manifest: ${fields.join(', ') || 'none'}`;
}
