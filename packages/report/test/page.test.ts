import { createHash } from 'node:crypto';
import { EMPTY_TALLY, REJECT_REASONS } from '@mapreduce/shared-utils';
import { contentSecurityPolicy, type Report, renderPage, renderSections } from '../src';
import { row, sampleReport } from './sample-report';

const page = renderPage(sampleReport());
const sectionOf = (report: Report, id: string) => renderSections(report).get(id)?.markup.toString() ?? '';
const marks = (markup: string, pattern: RegExp) => [...markup.matchAll(pattern)].length;

const HOSTILE = [
  '<script>alert(1)</script>',
  '</script><script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "' onmouseover='alert(1)",
  '` onfocus=alert(1) autofocus ',
  'javascript:alert(1)',
  '<!--<script>',
  ']]><svg onload=alert(1)>',
  '\u202egnp.exe\u0000\u001b[31m',
  '{{constructor.constructor("alert(1)")()}}',
];

/** Everything that comes from outside is hostile. */
function hostileReport(text: string): Report {
  const { concentration, ...rest } = sampleReport();
  return {
    ...rest,
    concentration,
    where: text,
    version: text,
    runId: text,
    startedAt: text,
    verdict: { kind: 'failed', name: text, message: text },
    inputs: { count: 1, bytes: 1, listed: [{ name: text, size: 1, compression: 'gzip' }] },
    urls: [{ url: text, count: 100, length: text.length }],
    rejects: {
      listed: 1,
      directory: text,
      samples: [{ source: text, offset: 0, length: 1, reason: 'not_object', snippet: text }],
    },
    configuration: { urlField: text, hashVersion: text },
    environment: { version: text, node: text, platform: text, engine: 'wasm', workers: 1 },
  };
}

describe('a page', () => {
  it('has one style sheet and one script, which its policy allows by their hashes and nothing else', () => {
    const policy = page
      .match(/http-equiv="Content-Security-Policy" content="([^"]+)"/)?.[1]
      ?.replaceAll('&#39;', "'");
    expect(policy).toBe(contentSecurityPolicy());
    expect(policy).toMatch(
      /^default-src 'none'; style-src 'sha256-[^ ]+'; script-src 'sha256-[^ ]+'; img-src data:;/,
    );
    const hashOf = (tag: string) => {
      const found = [...page.matchAll(new RegExp(`<${tag}>([\\s\\S]*?)</${tag}>`, 'g'))];
      expect(found).toHaveLength(1);
      return `'sha256-${createHash('sha256')
        .update(found[0]?.[1] ?? '')
        .digest('base64')}'`;
    };
    expect(policy).toContain(`style-src ${hashOf('style')};`);
    expect(policy).toContain(`script-src ${hashOf('script')};`);
  });

  it('names nothing that could be loaded, and has no inline style or handler, which the policy would refuse', () => {
    const markup = page.replace(/<(style|script)>[\s\S]*?<\/\1>/g, '');
    expect(markup).not.toMatch(/<[^>]*\s(style|on\w+)=/i);
    expect(markup).not.toMatch(/\s(src|href)="(?!#|data:image\/svg\+xml,)/);
  });

  it('is small for an ordinary run, and bounded for a huge one', () => {
    expect(page.length).toBeLessThan(100_000);
    const many = <Item>(count: number, item: (at: number) => Item) =>
      Array.from({ length: count }, (_, at) => item(at));
    const huge = renderPage(
      sampleReport({
        urls: many(100_000, (at) => ({ url: `${'<'.repeat(300)}${at}`, count: 1, length: 1e7 })),
        counts: { unique: 1e9, total: 1e12 },
        partitions: many(1024, (partition) => ({ partition, unique: 1e6, total: 1e9, bytes: 1e8 })),
        inputs: {
          count: 1e5,
          bytes: 1e15,
          listed: many(100, (at) => ({ name: `${at}`.repeat(100), size: 1e9, compression: 'gzip' })),
        },
        tasks: {
          rows: many(1000, (number) =>
            row({ stage: 'MapSplit', number, worker: number % 64, startedMs: number }),
          ),
          running: [],
          elapsedMs: 1e6,
          throughput: { binMs: 10, bytes: many(256, () => 1e9) },
        },
        rejects: {
          listed: 1e6,
          directory: 'out/rejects',
          samples: REJECT_REASONS.flatMap((reason) =>
            many(10, () => ({
              source: 's'.repeat(200),
              offset: 1e12,
              length: 1e7,
              reason,
              snippet: '<'.repeat(200),
            })),
          ),
        },
      }),
    );
    expect(huge.length).toBeLessThan(1_000_000);
  });

  it.each(HOSTILE)('shows %j wherever it stands, and never as markup', (text) => {
    const hostile = renderPage(hostileReport(text));
    const tagsOf = (markup: string) =>
      [...markup.matchAll(/<\/?[a-z!][^>]*>/gi)].map(([tag]) => tag.split(/[\s>]/)[0]);
    expect(tagsOf(hostile).filter((tag) => tag === '<script')).toHaveLength(2);
    const harmless = renderPage(hostileReport(text.replaceAll(/[<>"'`&]/g, '_')));
    expect(tagsOf(hostile)).toEqual(tagsOf(harmless));
    expect(hostile).not.toMatch(/[^\P{C}\n]/u);
    expect(hostile).not.toMatch(/href="javascript/);
  });
});

describe('the verdict', () => {
  it.each<[string, Partial<Report>, string[]]>([
    ['a run that balances', {}, ['Balanced', '100\u00a0lines counted, 5\u00a0URLs', '3\u00a0lines are bad']],
    ['one whose sums differ', { counts: { unique: 5, total: 99 } }, ['Not balanced', 'mapreduce verify']],
    [
      'a failure',
      { verdict: { kind: 'failed', name: 'ErrorBudgetExceededError', message: 'byte 7: <b>' }, counts: null },
      ['Failed', 'nothing was published', 'ErrorBudgetExceededError', 'byte 7: &lt;b&gt;'],
    ],
    [
      'an interruption',
      { verdict: { kind: 'interrupted' }, counts: null },
      ['Interrupted', 'nothing was published'],
    ],
    [
      'a run that goes on',
      { verdict: { kind: 'running', state: 'Mapping', bytesRead: 250, totalBytes: 1000 } },
      ['Running', 'Mapping', 'aria-valuenow="25"'],
    ],
  ])('of %s says so', (_, changes, texts) => {
    const verdict = sectionOf(sampleReport(changes), 'verdict');
    for (const text of texts) expect(verdict).toContain(text);
  });
});

describe('the ledger', () => {
  it('balances line by line, or says which line does not', () => {
    expect(marks(sectionOf(sampleReport(), 'ledger'), /<tr class="balanced">/g)).toBe(4);
    const broken = sectionOf(sampleReport({ bytesRead: 4999 }), 'ledger');
    expect(marks(broken, /<tr class="broken">/g)).toBe(1);
    expect(broken).toContain('4,999 read');
  });

  it('is open where the run has not come to its end', () => {
    const failed = sampleReport({ verdict: { kind: 'interrupted' }, counts: null, bytesRead: 100 });
    expect(marks(sectionOf(failed, 'ledger'), /<tr class="open">/g)).toBe(2);
  });
});

describe('charts', () => {
  it('have a bar for each URL, as long as its count', () => {
    const urls = sectionOf(sampleReport(), 'urls');
    const widths = [...urls.matchAll(/<rect class="mark" width="([\d.]+)%"/g)].map(([, width]) =>
      Number(width),
    );
    expect(widths).toEqual([100, 60, 30, 8, 2]);
  });

  it('have a rectangle for each task where it was, and marks for what was odd', () => {
    const tasks = sectionOf(sampleReport(), 'tasks');
    const rects = [
      ...tasks.matchAll(/<rect class="task (\w+) [^"]*" x="([\d.]+)%" y="(\d+)" width="([\d.]+)%"/g),
    ];
    expect(rects.map(([, stage, x, , width]) => [stage, Number(x), Number(width)])).toEqual([
      ['Plan', 5, 1],
      ['MapSplit', 6, 44],
      ['Group', 50, 1],
      ['ReducePartition', 60, 10],
      ['Commit', 90, 5],
      ['ReducePartition', 60, 5],
    ]);
    expect(tasks).toContain('No retry, no straggler, nothing spilled.');
    const odd = sampleReport();
    const rows = [
      ...(odd.tasks?.rows ?? []),
      row({ stage: 'MapSplit', number: 1, startedMs: 0, endedMs: 500, failures: 1 }),
      row({
        stage: 'MapSplit',
        number: 1,
        startedMs: 500,
        endedMs: 900,
        retries: 1,
        spills: 2,
        spilledBytes: 100,
      }),
    ];
    const oddTasks = sectionOf({ ...odd, tasks: odd.tasks && { ...odd.tasks, rows } }, 'tasks');
    expect(oddTasks).toContain(
      '1\u00a0attempt failed, 1\u00a0retry, 2\u00a0sorted runs spilled to the disk.',
    );
    expect(oddTasks).toMatch(/class="task MapSplit failed"/);
    expect(oddTasks).toMatch(/class="task MapSplit retry spilled"/);
  });

  it('have a column for each partition, in its place, and the mean of all, the empty ones too', () => {
    const partitions = sectionOf(sampleReport(), 'partitions');
    expect(marks(partitions, /<rect class="mark"/g)).toBe(4);
    expect(partitions).toContain('4\u00a0partitions, 2 of them empty');
    expect(partitions).toContain('3.80 times the mean number of lines');
  });

  it('show how few URLs have half of the lines', () => {
    const concentration = sectionOf(sampleReport(), 'concentration');
    expect(concentration).toContain('1\u00a0URL, 20.00\u00a0% of all, has half of the counted lines.');
    expect(marks(concentration, /<circle/g)).toBe(3);
  });

  it('have a table behind each of them', () => {
    for (const id of ['concentration', 'tasks', 'throughput', 'partitions']) {
      expect(sectionOf(sampleReport(), id)).toMatch(/<svg class="plot"[\s\S]*<details>[\s\S]*<table>/);
    }
  });
});

describe('what is not known', () => {
  it('is said, not drawn', () => {
    const bare = sampleReport({
      tasks: null,
      urls: null,
      concentration: null,
      counts: null,
      partitions: [],
      startedAt: null,
      elapsedMs: null,
      environment: null,
      configuration: {},
      records: EMPTY_TALLY,
    });
    expect(sectionOf(bare, 'tasks')).toContain('has no timeline');
    for (const id of ['urls', 'concentration', 'tasks', 'throughput', 'partitions']) {
      expect(sectionOf(bare, id)).toContain('class="unknown"');
      expect(sectionOf(bare, id)).not.toContain('class="plot"');
    }
  });

  it('has no section where it is the cost', () => {
    expect(renderSections(sampleReport()).has('cost')).toBe(false);
    const cost = sectionOf(
      sampleReport({ cost: { currency: 'USD', predicted: 0.012, actual: null } }),
      'cost',
    );
    expect(cost).toContain('$0.012');
    expect(cost).toContain('not known');
  });
});

describe('the URLs', () => {
  it('are cut where they are long, with their whole length, and their number is said', () => {
    const long = sampleReport({ urls: [{ url: 'x'.repeat(300), count: 100, length: 10_485_760 }] });
    const urls = sectionOf(long, 'urls');
    expect(urls).toContain('… 10,485,760 characters in all');
    expect(urls).toContain('The 1 most frequent of 5\u00a0URLs');
  });
});
