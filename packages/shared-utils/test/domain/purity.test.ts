import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const domain = join(__dirname, '../../src/domain');
const files = readdirSync(domain, { recursive: true, encoding: 'utf8' }).filter((name) =>
  name.endsWith('.ts'),
);

const IMPORTS = /\b(?:from|import|require)\s*\(?\s*['"]([^'"]+)['"]/g;
const OUTSIDE =
  /\b(?:process|globalThis|console|fetch)\s*(?:\.|\?\.|\[)|\bMath\.random\b|\bDate\.now\b|\bnew Date\(\)|\bDate\(\)/;

describe('domain/', () => {
  it('has modules', () => {
    expect(files).toContain('errors.ts');
  });

  it.each(files)('%s imports nothing but its siblings and valibot', (name) => {
    const source = readFileSync(join(domain, name), 'utf8');
    const imported = [...source.matchAll(IMPORTS)].map(([, specifier = '']) => specifier);
    expect(
      imported.filter((specifier) => specifier !== 'valibot' && !/^\.\/[\w-]+$/.test(specifier)),
    ).toEqual([]);
  });

  it.each(files)('%s asks neither the process nor a clock nor chance', (name) => {
    expect(OUTSIDE.exec(readFileSync(join(domain, name), 'utf8'))?.[0]).toBeUndefined();
  });
});
