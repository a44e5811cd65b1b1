import { getuid } from 'node:process';
import { type Finished, start } from './command-line';

/** How a full disk is to be had on this machine. */
export type FullDisk = 'tmpfs' | 'ulimit -f';

/** A mount is seen by the processes of its own name space alone, and is gone with the last of them. */
const UNSHARE = getuid?.() === 0 ? ['unshare', '-m', 'sh', '-c'] : ['unshare', '-r', '-m', 'sh', '-c'];

/** Takes up the room that there is to be only later: not every user may mount again what is mounted. */
const BALLAST_KILOBYTES = 32_768;

const MOUNT = `place=$2
mount -t tmpfs -o "size=$(($1 + ${BALLAST_KILOBYTES}))k" tmpfs "$place" &&
head -c ${BALLAST_KILOBYTES}k /dev/zero > "$place/ballast" || exit 99
shift 2`;

const LITTLE_ROOM = `${MOUNT}
"$@" >&2; echo "first $?"`;

const MORE_ROOM = 'rm "$place/ballast"';

const LIMITED = `kilobytes=$1 place=$2; shift 2
(ulimit -f "$kilobytes"; exec "$@" >&2); echo "first $?"`;

/** What a reader would take for an output; then again, with room. */
const AND_AGAIN = `find "$place" -name manifest.json -o -name 'bucket_*' | sed 's/^/left /'
"$@"; echo "second $?"`;

const READ_ONLY = `mount -t tmpfs -o ro tmpfs "$1" || exit 99
shift
"$@"`;

export interface TwoRuns {
  readonly first: number;
  readonly second: number;
  /** Files that the first left where an output would be. */
  readonly left: readonly string[];
  /** Of the second. */
  readonly stdout: string;
  readonly stderr: string;
}

export async function findFullDisk(place: string): Promise<FullDisk> {
  const command = [...UNSHARE, MOUNT, 'sh', '100', place];
  const { code } = await start(command).finished.catch(() => ({ code: null }));
  return code === 0 ? 'tmpfs' : 'ulimit -f';
}

/** Runs the command, which writes into `place`, with so little room, and again with enough. */
export async function runInLittleRoom(
  disk: FullDisk,
  kilobytes: number,
  place: string,
  command: readonly string[],
): Promise<TwoRuns> {
  const program =
    disk === 'tmpfs'
      ? [...UNSHARE, [LITTLE_ROOM, MORE_ROOM, AND_AGAIN].join('\n'), 'sh']
      : ['bash', '-c', [LIMITED, AND_AGAIN].join('\n'), 'bash'];
  const { stdout, stderr } = await start([...program, String(kilobytes), place, ...command]).finished;
  const codeOf = (run: string) => Number(new RegExp(`^${run} (\\d+)$`, 'm').exec(stdout)?.[1] ?? Number.NaN);
  return {
    first: codeOf('first'),
    second: codeOf('second'),
    left: stdout.match(/^left .*$/gm) ?? [],
    stdout: stdout.replace(/^(first|second|left) .*\n/gm, ''),
    stderr,
  };
}

export function runReadOnly(place: string, command: readonly string[]): Promise<Finished> {
  return start([...UNSHARE, READ_ONLY, 'sh', place, ...command]).finished;
}

export function runWithHandles(handles: number, command: readonly string[]): Promise<Finished> {
  return start(['bash', '-c', `ulimit -n ${handles}; exec "$@"`, 'bash', ...command]).finished;
}
