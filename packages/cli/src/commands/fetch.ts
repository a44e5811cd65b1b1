import { InvalidInputError, quote } from '@mapreduce/shared-utils';
import { type ConnectionFlags, connectToS3 } from '../cloud/connect';
import { fetchOutput } from '../cloud/fetch-output';
import { parsePrefix } from '../cloud/s3-uri';
import { formatCount } from '../render/format';

export interface FetchFlags extends ConnectionFlags {
  readonly out: string;
  readonly overwrite?: boolean;
}

/** Brings an output from S3 into a directory, and says so. */
export async function fetchRun(uri: string, flags: FetchFlags, signal: AbortSignal): Promise<void> {
  const place = parsePrefix(uri);
  if (place === null) {
    throw new InvalidInputError(
      `${quote(uri)}: expected where a run's manifest.json lies, as in s3://bucket/reduce-output/<run id>/`,
    );
  }
  const store = connectToS3(flags);
  try {
    const { outputs, counts } = await fetchOutput(store, place, flags.out, flags.overwrite ?? false, signal);
    process.stdout.write(
      `Fetched ${formatCount(outputs.length)} buckets, ${formatCount(counts.unique)} URLs, ${formatCount(counts.total)} counted, into ${flags.out}; checksums hold.\n`,
    );
  } finally {
    store.destroy();
  }
}
