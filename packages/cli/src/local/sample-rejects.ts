import { createReadStream } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import {
  type Manifest,
  parseReject,
  REJECT_REASONS,
  type Reject,
  type RejectReason,
} from '@mapreduce/shared-utils';

const SAMPLES_A_REASON = 10;

/** A rare reason is not looked for among more lines than this. */
const MAX_LINES = 100_000;

/** The first rejected lines of each reason, by reason. `directory` has the lists. Reads no further than it must. */
export async function sampleRejects(
  directory: string,
  { rejects, records }: Pick<Manifest, 'rejects' | 'records'>,
): Promise<Reject[]> {
  const samples = new Map<RejectReason, Reject[]>();
  let missing = REJECT_REASONS.reduce(
    (sum, reason) => sum + Math.min(records.badByReason[reason], SAMPLES_A_REASON),
    0,
  );
  let lines = 0;
  for (const { key } of rejects) {
    if (missing === 0 || lines >= MAX_LINES) break;
    for await (const reject of readRejects(path.join(directory, path.basename(key)))) {
      const ofReason = samples.get(reject.reason) ?? [];
      samples.set(reject.reason, ofReason);
      if (ofReason.length < SAMPLES_A_REASON) {
        ofReason.push(reject);
        missing--;
      }
      if (missing === 0 || ++lines >= MAX_LINES) break;
    }
  }
  return REJECT_REASONS.flatMap((reason) => samples.get(reason) ?? []);
}

async function* readRejects(file: string): AsyncGenerator<Reject> {
  let number = 0;
  for await (const line of createInterface({
    input: createReadStream(file),
    crlfDelay: Number.POSITIVE_INFINITY,
  })) {
    yield parseReject(`${file}: line ${++number}`, line);
  }
}
