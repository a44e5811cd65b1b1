import { fingerprintOf, formatDocument, type Plan, parsePlan } from '../domain/contracts';
import { CorruptRunError, InputChangedError, InputNotFoundError } from '../domain/errors';
import { runKeys } from '../domain/run-keys';
import type { ObjectRef, ObjectStore } from './object-store';
import { readBytes, readText } from './read-object';
import type { StageDeps } from './stage-deps';

type DocumentParser<Document> = (where: string, json: string) => Document;

/** Reads an object that this run must have written. @throws CorruptRunError where it is missing or broken */
export async function readDocument<Document>(
  store: ObjectStore,
  ref: ObjectRef,
  parse: DocumentParser<Document>,
): Promise<Document> {
  return parse(store.uri(ref), await readWritten(store, ref, () => readText(store, ref)));
}

/** The same, where it may be absent: null then, but an error where the store does not let that be told. */
export async function readDocumentIfPresent<Document>(
  store: ObjectStore,
  ref: ObjectRef,
  parse: DocumentParser<Document>,
): Promise<Document | null> {
  let json: string;
  try {
    json = await readText(store, ref);
  } catch (error) {
    if (error instanceof InputNotFoundError) return null;
    throw error;
  }
  return parse(store.uri(ref), json);
}

/** Whether there is such an object for certain; an error where the store does not let that be told. */
export async function isPresent(store: ObjectStore, ref: ObjectRef): Promise<boolean> {
  try {
    // Not `head`: the answer to it has no body, so that a missing bucket looks like a missing object.
    await readBytes(store, ref);
    return true;
  } catch (error) {
    if (error instanceof InputNotFoundError) return false;
    throw error;
  }
}

/** Writes a document whole. With `ifNoneMatch`, false means that one stands there already. */
export function writeDocument(
  store: ObjectStore,
  ref: ObjectRef,
  document: object,
  { indent = 0, ifNoneMatch = false }: { readonly indent?: number; readonly ifNoneMatch?: boolean } = {},
): Promise<boolean> {
  const bytes = Buffer.from(`${formatDocument(document, indent)}\n`);
  return store.put(ref, bytes, { ifNoneMatch });
}

/** Reads what another stage of this run wrote. @throws CorruptRunError where it belongs to another plan */
export async function readPart<Part extends { readonly runId: string; readonly fingerprint: string }>(
  { store, config }: StageDeps,
  plan: Plan,
  objectKey: string,
  parse: DocumentParser<Part>,
): Promise<Part> {
  const ref = { bucket: config.bucketTemp, objectKey };
  const part = await readDocument(store, ref, parse);
  requireSame(store.uri(ref), 'run id', plan.runId, part.runId);
  requireSame(store.uri(ref), 'fingerprint', plan.fingerprint, part.fingerprint);
  return part;
}

/** The plan of a run, checked against this code. @throws CorruptRunError */
export async function readPlan({ store, config }: StageDeps, runId: string): Promise<Plan> {
  const ref = { bucket: config.bucketTemp, objectKey: runKeys(runId).plan };
  const plan = await readDocument(store, ref, parsePlan);
  requireSame(store.uri(ref), 'run id', runId, plan.runId);
  requireSame(store.uri(ref), 'fingerprint', fingerprintOf(plan.configuration), plan.fingerprint);
  return plan;
}

/** @throws CorruptRunError naming the object, when two parts of a run do not belong together */
export function requireSame(
  where: string,
  what: string,
  expected: string | number,
  actual: string | number,
): void {
  if (expected === actual) return;
  throw new CorruptRunError(
    `${where}: expected ${what} ${expected}, got ${actual}; parts of different runs or releases must not be mixed`,
  );
}

/** @throws CorruptRunError naming the object, when a number is none that the plan has */
export function requireBelow(where: string, what: string, count: number, actual: number): void {
  if (actual < count) return;
  throw new CorruptRunError(
    `${where}: expected a ${what} below ${count}, got ${actual}; start the run again`,
  );
}

/** Reads an object that this run must have written. @throws CorruptRunError where it is missing or cut short */
export async function readWritten<Content>(
  store: ObjectStore,
  ref: ObjectRef,
  read: () => Promise<Content>,
): Promise<Content> {
  try {
    return await read();
  } catch (cause) {
    const isMissing = cause instanceof InputNotFoundError;
    if (!isMissing && !(cause instanceof InputChangedError)) throw cause;
    throw new CorruptRunError(
      `${store.uri(ref)}: expected an object that this run wrote, got ${isMissing ? 'none' : 'another one'}; start the run again`,
      { cause },
    );
  }
}
