import { formatBytes, formatDuration, formatShare, formatShortCount, formatTime } from '../src/format';

const plain = (text: string) => text.replaceAll('\u00a0', ' ');

describe('formats', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1 kB'],
    [302_517, '303 kB'],
    [1_033_886_226, '1.03 GB'],
  ])('%d bytes are %s', (bytes, text) => expect(plain(formatBytes(bytes))).toBe(text));

  it.each([
    [0, '0.0 ms'],
    [4.96, '5.0 ms'],
    [184.4, '184 ms'],
    [1240, '1.24 s'],
    [59_994, '60.0 s'],
    [723_000, '12 min 3 s'],
    [119_999.6, '2 min 0 s'],
    [7_260_000, '2 h 1 min'],
  ])('%d milliseconds are %s', (ms, text) => expect(plain(formatDuration(ms))).toBe(text));

  it.each([
    [0, '0 %'],
    [0.00001, '< 0.01 %'],
    [0.1205, '12.05 %'],
    [0.999999, '> 99.99 %'],
    [1, '100 %'],
  ])('a share of %d is %s', (share, text) => expect(plain(formatShare(share))).toBe(text));

  it('an axis is short, and what is no time stays as it is', () => {
    expect(formatShortCount(12_000)).toBe('12k');
    expect(formatTime('2025-12-01T00:00:00.000Z')).toBe('2025-12-01 00:00:00 UTC');
    expect(formatTime('yesterday')).toBe('yesterday');
  });
});
