// Looks for a file of which the two engines do not say the same, guided by the branches that the faster one takes.
import { Script } from 'node:vm';
import { createJsonLines, createRandom } from '../packages/kernel/test/json-lines';
import { createChange } from './changes.mjs';
import { createCoverage } from './coverage.mjs';
import { differs, saveFinding, shrink } from './findings.mjs';
import { createSeeds } from './seeds.mjs';

const MAX_FILE_BYTES = 4096;
const LATEST_FILES = 20;
const LAYOUT_CHANCE = 1 / 16;
const REPORT_MS = 10_000;
/** A step takes a fraction of a second, unless an engine does not come back. */
const STEP_FILES = 100;
const STEP_MS = 60_000;
const DIFFERS = 'says something else';
const HANGS = 'does not come back';
const STEP = new Script('fuzzStep()');

const FIELDS = ['url', 'url', 'a.bb', 'request.url', 'é'];
const MAX_LINE_BYTES = [MAX_FILE_BYTES, MAX_FILE_BYTES, MAX_FILE_BYTES, 1000, 50, 10, 3];
/** Mostly all at once: an engine that is given a line at a time soon stops comparing it with those before. */
const CHUNK_BYTES = [...Array(5).fill(MAX_FILE_BYTES), 1000, 100, 7, 1];
const TABLE_BYTES = [2 ** 30, 2 ** 30, 200, 1];
const PARTITION_COUNTS = [1, 1, 1, 2, 3];

/** The reference throws at every bad line, and nobody looks where. */
Error.stackTraceLimit = 0;

/** Returns whether the engines agreed on all that was tried. */
export function search({ seconds, seed }) {
  const inputs = createInputs(createRandom(seed));
  const coverage = createCoverage();
  let examined = 0;
  let current;
  const isDifferent = () => {
    for (let left = STEP_FILES; left > 0; left--) {
      current = inputs.next();
      examined++;
      if (differs(current)) return true;
      if (coverage.hasGrown()) inputs.keep(current);
    }
    return false;
  };
  const begin = performance.now();
  const log = (passed) =>
    console.log(`${(passed / 1000).toFixed(0)} s, ${examined} files; ${coverage.describe()}`);
  let fault = null;
  let passed = 0;
  for (let reportAt = 0; fault === null && passed < 1000 * seconds; passed = performance.now() - begin) {
    fault = runStep(isDifferent);
    if (passed < reportAt) continue;
    log(passed);
    reportAt += REPORT_MS;
  }
  log(passed);
  console.log(`never taken: ${coverage.describeMissing()}`);
  if (fault !== null) console.error(describeFinding(current, fault));
  return fault === null;
}

/** The files that are known to be worth it, then changed ones. */
function createInputs(random) {
  const { pick } = createJsonLines(random);
  const change = createChange(random);
  const createLayout = (urlField = pick(FIELDS)) => ({
    urlField,
    maxLineBytes: pick(MAX_LINE_BYTES),
    chunkBytes: pick(CHUNK_BYTES),
    tableBytes: pick(TABLE_BYTES),
    partitionCount: pick(PARTITION_COUNTS),
  });
  const waiting = createSeeds(random).map(({ file, urlField }) => ({
    file,
    layout: { ...createLayout(urlField), maxLineBytes: MAX_FILE_BYTES, chunkBytes: MAX_FILE_BYTES },
  }));
  const kept = [];
  /** Rather a short one, which is examined sooner. */
  const pickKept = () => {
    const [one, other] = [pick(kept), pick(pick([kept, kept.slice(-LATEST_FILES)]))];
    return one.file.length < other.file.length ? one : other;
  };
  const makeNext = () => {
    const { file, layout } = pickKept();
    return {
      file: change(file, pick(kept).file).subarray(0, MAX_FILE_BYTES),
      layout: random() < LAYOUT_CHANCE ? createLayout() : layout,
    };
  };
  return { next: () => waiting.pop() ?? makeNext(), keep: (input) => kept.push(input) };
}

function describeFinding(found, fault) {
  // Before it is made smaller, in case that does not end.
  const to = saveFinding(found);
  const { layout } = fault === DIFFERS ? shrink(found, to) : found;
  return `${to}: expected both engines to say the same of it, got one that ${fault} (${JSON.stringify(layout)}); mend it, and keep the file under a better name`;
}

/** Also ends where an engine does not come back. */
function runStep(isDifferent) {
  globalThis.fuzzStep = isDifferent;
  try {
    return STEP.runInThisContext({ timeout: STEP_MS }) ? DIFFERS : null;
  } catch (error) {
    if (error.code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
    return HANGS;
  }
}
