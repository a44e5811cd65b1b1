import { tmpdir } from 'node:os';
import { createDirectoryScratch } from '../src/io/scratch';

/** For stages that need one but whose test is not about it. */
export const temporaryScratch = createDirectoryScratch(tmpdir(), 'free some space');
