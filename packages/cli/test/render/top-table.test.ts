import { formatTopTable } from '../../src/render/top-table';

const top = [
  { url: 'https://www.shop.example/docs/getting-started', count: 1234 },
  { url: '', count: 3 },
  { url: '\u001b[31m\u202egnp\u0007', count: 2 },
  { url: '日本語'.repeat(40), count: 1 },
  { url: 'x'.repeat(10_000_000), count: 1 },
];

/** Columns on a screen: CJK characters take two. */
const widthOf = (line: string) => [...line].reduce((width, char) => width + (char > '\u2e80' ? 2 : 1), 0);

describe('the table of top URLs', () => {
  it.each([66, 80, 120])('fits %i columns, line by line', (columns) => {
    const lines = formatTopTable(top, 1241, columns).split('\n');
    expect(lines).toHaveLength(1 + top.length);
    expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(columns);
  });

  it('shows a URL whole where there is room', () => {
    expect(formatTopTable(top, 1241, 80)).toContain(
      '  1  1,234  99.44 %  https://www.shop.example/docs/getting-started\n',
    );
  });

  it('marks what it cut', () => {
    expect(formatTopTable(top, 1241, 80)).toMatch(/x{10}…/);
  });

  it('shows the empty URL as a pair of quotes, and what cannot be printed as escapes', () => {
    const table = formatTopTable(top, 1241, 80);
    expect(table).toMatch(/0\.24 % {2}""$/m);
    expect(table).toContain('\\u001b[31m\\u202egnp\\u0007');
  });

  it('is one table of any length', () => {
    const rows = Array.from({ length: 130_000 }, (_, index) => ({ url: `/${index}`, count: 1 }));
    const lines = formatTopTable(rows, rows.length, 80).split('\n');
    expect(lines).toHaveLength(1 + rows.length);
    expect(lines.filter((line) => line.endsWith('url'))).toHaveLength(1);
    expect(lines.at(1)).toBe('        1      1  0.00 %  /0');
    expect(lines.at(-1)).toBe('  130,000      1  0.00 %  /129999');
  });
});
