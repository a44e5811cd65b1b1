// Rounds of several contestants on the same work, in an order that rotates from round to round.
import { cpus, loadavg } from 'node:os';
import { summarise } from './statistics.mjs';

/**
 * @typedef {object} Contestant
 * @property {string} name
 * @property {() => Promise<{pass: (round: number) => Promise<object>, stop: () => void, details?: object}>} start
 * @property {boolean} [isSlow] takes part in three rounds, fewer when they are long, without a pass to warm up
 */

const SLOW_ROUNDS = 3;
/** A slow contestant that has taken this long is known well enough. */
const SLOW_SECONDS = 30;

/** One pass of each to warm up, then the rounds. A wrong answer disqualifies; a failure is reported. */
export async function hold(contestants, { rounds, answer, log }) {
  const startedAt = new Date().toISOString();
  const loadBefore = loadavg()[0];
  const entries = [];
  for (const contestant of contestants) {
    const entry = { ...contestant, passes: [], outcome: 'ok', running: null };
    entries.push(entry);
    await attempt(entry, async () => {
      entry.running = await contestant.start();
      if (!contestant.isSlow) await checkedPass(entry, -1, answer, log);
    });
  }
  for (let round = 0; round < rounds; round++) {
    const shift = round % entries.length;
    for (const entry of [...entries.slice(shift), ...entries.slice(0, shift)]) {
      if (entry.outcome !== 'ok' || entry.isOver) continue;
      await attempt(entry, async () => {
        entry.passes.push(await checkedPass(entry, round, answer, log));
      });
      if (!entry.isSlow || !isKnownWellEnough(entry.passes)) continue;
      entry.isOver = true;
      entry.running?.stop();
    }
  }
  for (const { running } of entries) running?.stop();
  return {
    startedAt,
    load: { before: loadBefore, after: loadavg()[0] },
    contestants: Object.fromEntries(entries.map((entry) => [entry.name, resultOf(entry)])),
  };
}

function isKnownWellEnough(passes) {
  const seconds = passes.reduce((sum, pass) => sum + pass.seconds, 0);
  return passes.length >= SLOW_ROUNDS || seconds >= SLOW_SECONDS;
}

async function attempt(entry, action) {
  if (entry.outcome !== 'ok') return;
  try {
    await action();
  } catch (error) {
    entry.outcome = error.message.split('\n')[0].slice(0, 300);
    entry.running?.stop();
    entry.running = null;
  }
}

async function checkedPass(entry, round, answer, log) {
  const busyBefore = busySeconds();
  const result = await entry.running.pass(round);
  if (result.cpuSeconds !== undefined) {
    result.othersCores = Math.max(0, (busySeconds() - busyBefore - result.cpuSeconds) / result.seconds);
  }
  log(`${entry.name} ${round === -1 ? 'warm-up' : `round ${round + 1}`}: ${result.seconds.toFixed(3)} s`);
  for (const key of ['unique', 'total']) {
    if (result[key] !== answer[key]) {
      throw new Error(`wrong answer: expected ${key} ${answer[key]}, got ${result[key]}`);
    }
  }
  return result;
}

function resultOf({ outcome, passes, running }) {
  if (outcome !== 'ok') return { outcome };
  const values = (key) => passes.map((pass) => round(pass[key]));
  const result = { outcome, ...(running.details ?? {}), seconds: values('seconds') };
  for (const key of ['cpuSeconds', 'othersCores', 'mapSeconds', 'mergeSeconds']) {
    if (passes[0][key] !== undefined) result[key] = values(key);
  }
  if (passes[0].peakBytes !== undefined) result.peakBytes = summarise(passes.map((pass) => pass.peakBytes));
  return result;
}

/** Processor time that all processes together have used. */
function busySeconds() {
  return cpus().reduce((sum, { times }) => sum + (times.user + times.nice + times.sys + times.irq) / 1000, 0);
}

function round(seconds) {
  return Number(seconds.toFixed(4));
}
