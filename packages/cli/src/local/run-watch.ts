import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { PartitionSize, Report, Verdict } from '@mapreduce/report';
import {
  addTallies,
  EMPTY_TALLY,
  type MapCommit,
  parseMapCommit,
  parseReduceCommit,
  type Reject,
  runKeys,
  type StageConfig,
  type Timeline,
} from '@mapreduce/shared-utils';
import { version } from '../../package.json';
import { ByteRate } from './byte-rate';
import { summarizeInputs } from './gather-report';
import type { LocalInputs } from './local-inputs';
import type { OutputDirectory } from './output-directory';
import type { RunRecorder } from './run-recorder';
import { sampleRejects } from './sample-rejects';
import type { TaskState } from './stages';

/** What a run tells its watcher when it has taken its place. */
export interface WatchedRun {
  readonly inputs: LocalInputs;
  readonly output: OutputDirectory;
  readonly config: StageConfig;
  readonly recorder: RunRecorder;
  readonly environment: Timeline['environment'];
  /** By all tasks so far, of splits that are not finished too. */
  readonly bytesRead: () => number;
}

interface DoneTask {
  readonly state: TaskState;
  readonly payload: unknown;
  readonly result: unknown;
}

/** What is known of a run before there is a manifest: for a page of one that goes on, or of one that failed. */
export class RunWatch {
  readonly #where: string;
  readonly #rate = new ByteRate();
  readonly #commits: Pick<MapCommit, 'split' | 'rejects' | 'firstReject'>[] = [];
  readonly #partitions: PartitionSize[] = [];
  #run: WatchedRun | null = null;
  #runId: string | null = null;
  #records = EMPTY_TALLY;
  #bytesMapped = 0;
  #bytesSampled = 0;
  #expected: Partial<Record<TaskState, number>> = {};
  #rejects: string | null = null;

  /** `where` is the output, as the user named it. */
  constructor(where: string) {
    this.#where = where;
  }

  /** Null for a run that never took its place: nothing may be written there then. */
  get output(): OutputDirectory | null {
    return this.#run?.output ?? null;
  }

  started(run: WatchedRun): void {
    this.#run = run;
  }

  rejectsPublished(directory: string): void {
    this.#rejects = directory;
  }

  /** Reads the record that the task has left. What cannot be read is not shown, and the run goes on. */
  taskDone(task: DoneTask): void {
    try {
      this.#note(task);
    } catch {
      // The run itself reads the record too, and says what is wrong with it.
    }
  }

  /** To be called now and then: how fast the input is read shows before the first task has ended. */
  sample(): void {
    if (this.#run === null) return;
    const bytes = this.#run.bytesRead();
    this.#rate.add(this.#run.recorder.elapsedMs, bytes - this.#bytesSampled);
    this.#bytesSampled = bytes;
  }

  async report(verdict: Verdict): Promise<Report> {
    return { ...this.snapshot(verdict), rejects: await this.#readRejects() };
  }

  /** The same without a look at the disk, for a run that goes on. */
  snapshot(verdict: Verdict): Report {
    const { recorder, config, environment } = this.#run ?? {};
    const timeline = recorder?.timeline() ?? null;
    return {
      where: this.#where,
      version,
      madeAt: new Date().toISOString(),
      verdict,
      runId: this.#runId,
      startedAt: timeline?.startedAt ?? null,
      elapsedMs: timeline?.elapsedMs ?? null,
      inputs: this.#inputs(),
      bytesRead: this.#bytesMapped,
      records: this.#records,
      counts: null,
      partitions: this.#partitions.toSorted((a, b) => a.partition - b.partition),
      urls: null,
      concentration: null,
      rejects: { listed: 0, samples: this.#firstRejects(), directory: null },
      tasks: timeline && {
        ...timeline,
        ...(verdict.kind === 'running' && { throughput: this.#rate }),
        running: [...(recorder?.running ?? [])].map(({ givenMs, ...task }) => ({
          ...task,
          startedMs: givenMs,
        })),
      },
      cost: null,
      configuration: config ?? {},
      environment: environment ?? null,
    };
  }

  runningVerdict(): Verdict {
    const { inputs, bytesRead, recorder } = this.#run ?? {};
    const [stage] = [...(recorder?.running ?? [])].map((task) => task.stage);
    const done = stage === 'ReducePartition' ? this.#partitions.length : this.#commits.length;
    const total = stage === undefined ? undefined : this.#expected[stage];
    const states: Record<TaskState, string> = {
      Plan: 'Planning',
      MapSplit: `Mapping, ${done} of ${total} splits are done`,
      Group: 'Grouping',
      ReducePartition: `Reducing, ${done} of ${total} partitions are done`,
      Commit: 'Committing',
    };
    return {
      kind: 'running',
      state: stage === undefined ? 'Starting' : states[stage],
      bytesRead: bytesRead?.() ?? 0,
      totalBytes: inputs?.totalBytes ?? 0,
    };
  }

  #note({ state, payload, result }: DoneTask): void {
    const fields = payload as { run_id: string; split: number; partition: number };
    if (state === 'Plan') {
      const plan = result as { run_id: string; splits: readonly number[] };
      this.#runId = plan.run_id;
      this.#expected = { MapSplit: plan.splits.length };
    } else if (state === 'Group') {
      this.#expected.ReducePartition = (result as { partitions: readonly number[] }).partitions.length;
    } else if (state === 'MapSplit') {
      const commit = this.#read(runKeys(fields.run_id).mapCommit(fields.split), parseMapCommit);
      this.#records = addTallies(this.#records, commit.records);
      this.#bytesMapped += commit.bytesRead;
      const { split, rejects, firstReject } = commit;
      this.#commits.push({ split, rejects, firstReject });
    } else if (state === 'ReducePartition') {
      const { output } = this.#read(runKeys(fields.run_id).reduceCommit(fields.partition), parseReduceCommit);
      const { bucket, unique, total } = output;
      this.#partitions.push({ partition: bucket, unique, total, bytes: null });
    }
  }

  #read<Document>(key: string, parse: (where: string, json: string) => Document): Document {
    const file = path.join(this.#run?.output.temporary ?? '', key);
    return parse(file, readFileSync(file, 'utf8'));
  }

  #inputs(): Report['inputs'] {
    const files = this.#run?.inputs.files ?? [];
    return summarizeInputs(files.map(({ directory, key, size }) => ({ bucket: directory, key, size })));
  }

  async #readRejects(): Promise<Report['rejects']> {
    const directory = this.#rejects;
    if (directory === null) return { listed: 0, samples: this.#firstRejects(), directory };
    const rejects = this.#commits
      .flatMap(({ split, rejects: list }) => (list === null ? [] : [{ ...list, key: `${split}.jsonl` }]))
      .sort((a, b) => a.split - b.split);
    const samples = await sampleRejects(directory, { rejects, records: this.#records });
    return { listed: rejects.reduce((sum, { written }) => sum + written, 0), samples, directory };
  }

  #firstRejects(): Reject[] {
    return this.#commits.flatMap(({ firstReject }) => firstReject ?? []).slice(0, 10);
  }
}
