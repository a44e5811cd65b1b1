import { countLines, cutAt, cutEvery, kernels } from './count-lines';

const MIB = 1024 * 1024;
const NEXT = '\n{"url":"next"}\n';

const bytesOf = (text: string) => Buffer.from(text);

describe.each(kernels)('Extremes in the $name kernel', (kernel) => {
  it.each([
    { what: 'exactly 16 MiB', extra: 0, ok: 2, bad: 0 },
    { what: '16 MiB and a byte', extra: 1, ok: 1, bad: 1 },
  ])('C1 of $what is one line, and the next is unaffected', ({ extra, ok, bad }) => {
    const bytes = bytesOf(`{"url":"a","x":"${'x'.repeat(16 * MIB + extra - 18)}"}${NEXT}`);
    for (const chunks of [
      [bytes],
      cutAt(bytes, 16 * MIB),
      cutAt(bytes, 16 * MIB + 1),
      cutEvery(bytes, 65_521),
    ]) {
      const { counts, tally, rejects } = countLines(kernel, chunks);
      expect(tally).toMatchObject({ lines: 2, ok, bad });
      expect(tally.badByReason.line_too_long).toBe(bad);
      expect(counts.get('next')).toBe(1);
      expect(counts.has('a')).toBe(bad === 0);
      expect(rejects.map(({ offset, length, head }) => [offset, length, head.length])).toEqual(
        bad === 0 ? [] : [[0, 16 * MIB + 1, 800]],
      );
    }
  });

  it('C1 counts the lines beside one that is too long and deeply nested', () => {
    const bytes = bytesOf(`{"url":"\\u0061bc"}\n${'['.repeat(200_000)}${NEXT}`);
    const { counts, tally } = countLines(kernel, [bytes], { maxLineBytes: 64 });
    expect(tally.badByReason.line_too_long).toBe(1);
    expect(counts).toEqual(new Map(Object.entries({ abc: 1, next: 1 })));
  });

  it('C2 counts a URL of 10 MB once and writes it byte for byte', () => {
    const url = `https://example.com/?q=${'é"\\'.repeat(2_500_000)}`;
    const { counts, tally } = countLines(kernel, cutEvery(bytesOf(`${JSON.stringify({ url })}\n`), MIB));
    expect(tally).toMatchObject({ lines: 1, ok: 1 });
    expect(counts.get(url)).toBe(1);
  });

  it('C3 refuses a line of 600 MB without a newline in bounded memory', () => {
    const chunk = Buffer.alloc(MIB, 'x');
    const rejects: unknown[] = [];
    const counter = kernel.createCounter({
      partitionCount: 1,
      urlField: 'url',
      maxLineBytes: 16 * MIB,
      tableBytes: MIB,
      headerBytes: 0,
      onReject: ({ offset, length, reason, head }) =>
        rejects.push({ offset, length, reason, head: Buffer.from(head).toString() }),
    });
    const before = process.memoryUsage().rss;
    let growth = 0;
    counter.begin(0);
    for (let i = 0; i < 600; i++) {
      counter.push(chunk);
      growth = Math.max(growth, process.memoryUsage().rss - before);
    }
    counter.end();
    expect(rejects).toEqual([
      { offset: 0, length: 600 * MIB, reason: 'line_too_long', head: 'x'.repeat(800) },
    ]);
    expect(counter.tally).toMatchObject({ lines: 1, bad: 1 });
    expect(growth).toBeLessThan(200 * MIB);
  });

  const nested = '['.repeat(100_000);
  it.each([
    { what: 'reads 100,000 nested arrays', text: `{"url":"a","x":${nested}${']'.repeat(100_000)}}`, ok: 2 },
    { what: 'refuses them unclosed', text: `{"url":"a","x":${nested}}`, ok: 1 },
    { what: 'refuses them alone', text: nested, ok: 1 },
    { what: 'reads them before the URL', text: `{"x":${nested}${']'.repeat(100_000)},"url":"a"}`, ok: 2 },
    {
      what: 'reads 100,000 nested objects',
      text: `{"x":${'{"url":'.repeat(100_000)}0${'}'.repeat(100_000)},"url":"a"}`,
      ok: 2,
    },
  ])('C4 $what', ({ text, ok }) => {
    const { tally, counts } = countLines(kernel, [bytesOf(text + NEXT)]);
    expect(tally).toMatchObject({ lines: 2, ok, bad: 2 - ok });
    expect(tally.badByReason.malformed_json).toBe(2 - ok);
    expect(counts.get('a')).toBe(ok === 2 ? 1 : undefined);
    expect(counts.get('next')).toBe(1);
  });

  const fields = Array.from({ length: 1_000_000 }, (_, index) => `"k${index}":0`).join(',');
  it.each([
    { what: 'last', text: `{${fields},"url":"last"}`, url: 'last' },
    { what: 'first', text: `{"url":"first",${fields}}`, url: 'first' },
    { what: 'first and last', text: `{"url":"first",${fields},"url":"last"}`, url: 'last' },
  ])('C5 finds the URL among a million fields when it is $what', ({ text, url }) => {
    const { counts } = countLines(kernel, [bytesOf(text)]);
    expect(counts).toEqual(new Map([[url, 1]]));
  });

  it.each([
    { what: 'spaces', text: `{"url"${' '.repeat(2_000_000)}` },
    { what: 'backslashes', text: `{"url"${'\\'.repeat(2_000_000)}` },
    { what: 'backslashes in a string', text: `{"url":"${'\\'.repeat(2_000_001)}"}` },
    { what: 'quotes', text: `{"url"${'"'.repeat(2_000_000)}` },
    { what: 'spaces and a colon', text: `{"url"${' '.repeat(2_000_000)}:` },
  ])('C6 refuses 2 MB of $what within a second', ({ text }) => {
    const bytes = bytesOf(text);
    const startedAt = performance.now();
    const { tally } = countLines(kernel, [bytes]);
    expect(performance.now() - startedAt).toBeLessThan(1000);
    expect(tally.badByReason.malformed_json).toBe(1);
  });
});
