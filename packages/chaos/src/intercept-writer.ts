import type { ObjectRef, ObjectWriter } from '@mapreduce/shared-utils';
import { type Fate, type Operation, perform } from './fates';

interface WriterInterceptor {
  decide(operation: Operation, ref: ObjectRef): Promise<Fate>;
  alter(operation: Operation, ref: ObjectRef, bytes: Uint8Array): Uint8Array;
  leaveHalf(ref: ObjectRef, bytes: Uint8Array): Promise<void>;
  onOpen(letGo: () => Promise<void>): () => void;
}

export function interceptWriter(
  writer: ObjectWriter,
  ref: ObjectRef,
  { decide, leaveHalf, onOpen, alter }: WriterInterceptor,
): ObjectWriter {
  const written: Uint8Array[] = [];
  const forget = onOpen(async () => {
    await writer.abort();
    await leaveHalf(ref, Buffer.concat(written));
  });
  return {
    async write(bytes) {
      const fate = await decide('write', ref);
      const content = alter('write', ref, bytes);
      written.push(content);
      await perform(
        fate,
        () => writer.write(content),
        () => writer.write(content.subarray(0, content.length >> 1)),
      );
    },
    async close() {
      const fate = await decide('close', ref);
      await perform(
        fate,
        async () => {
          await writer.close();
          forget();
        },
        async () => {},
      );
    },
    async abort() {
      forget();
      await writer.abort();
    },
  };
}
