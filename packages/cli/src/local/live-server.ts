import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { contentSecurityPolicy, type Report, renderPage, renderSections } from '@mapreduce/report';
import type { RunWatch } from './run-watch';

const HOST = '127.0.0.1';
const EVENTS = 'events';
const TICK_MS = 200;

/** A browser that has the page of a short run is given this long to ask for what came of it. */
const LAST_WORD_MS = 1000;

const HEADERS = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': `${contentSecurityPolicy(EVENTS)}; frame-ancestors 'none'`,
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
} as const;

interface Follower {
  readonly response: ServerResponse;
  /** What it was last sent, by section. */
  readonly sent: Map<string, string>;
}

/**
 * The page of a run that goes on, for this machine only: bound to the loopback address, under a name that no
 * other user of the machine can guess, and for no page of another origin.
 */
export class LiveServer {
  readonly #watch: RunWatch;
  readonly #path = `/${randomBytes(16).toString('hex')}/`;
  readonly #server: Server;
  readonly #followers = new Set<Follower>();
  readonly #timer: NodeJS.Timeout;
  /** Pages that were given away, and have not asked for events yet. */
  #expected = 0;
  #final: Report | null = null;
  #onFollower: () => void = () => undefined;

  private constructor(watch: RunWatch) {
    this.#watch = watch;
    this.#server = createServer((request, response) => this.#answer(request, response));
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  static async start(watch: RunWatch): Promise<LiveServer> {
    const live = new LiveServer(watch);
    await new Promise<void>((resolve, reject) => {
      live.#server.once('error', reject).listen(0, HOST, resolve);
    });
    return live;
  }

  get url(): string {
    return `http://${this.#authority}${this.#path}`;
  }

  get isWatched(): boolean {
    return this.#followers.size > 0 || this.#expected > 0;
  }

  /** What came of the run: the last that a page is told. */
  finish(report: Report): void {
    this.#final = report;
  }

  /** Tells every page how it ended, and is gone. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    if (this.#expected > 0) await this.#waitForFollowers();
    const report = this.#final;
    if (report !== null)
      await Promise.all([...this.#followers].map((follower) => this.#sendLast(follower, report)));
    this.#server.close();
    this.#server.closeAllConnections();
  }

  get #authority(): string {
    return `${HOST}:${(this.#server.address() as AddressInfo).port}`;
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const status = this.#refusal(request);
    if (status !== null) {
      response.writeHead(status, HEADERS).end();
    } else if (request.url === `${this.#path}${EVENTS}`) {
      this.#follow(response);
    } else {
      this.#expected++;
      const page = renderPage(this.#current(), { events: EVENTS });
      response.writeHead(200, { ...HEADERS, 'Content-Type': 'text/html; charset=utf-8' }).end(page);
    }
  }

  /** A foreign Host is another name for this address, a foreign Origin another page: neither may see anything. */
  #refusal({ headers, method, url }: IncomingMessage): number | null {
    const origin = headers.origin;
    if (headers.host !== this.#authority) return 403;
    if (origin !== undefined && origin !== `http://${this.#authority}`) return 403;
    if (url !== this.#path && url !== `${this.#path}${EVENTS}`) return 404;
    return method === 'GET' ? null : 405;
  }

  #follow(response: ServerResponse): void {
    response.writeHead(200, { ...HEADERS, 'Content-Type': 'text/event-stream' });
    const follower = { response, sent: new Map<string, string>() };
    this.#followers.add(follower);
    response.on('close', () => this.#followers.delete(follower));
    this.#expected = Math.max(0, this.#expected - 1);
    this.#send(follower, this.#current(), false);
    this.#onFollower();
  }

  #tick(): void {
    this.#watch.sample();
    if (this.#followers.size === 0) return;
    const report = this.#current();
    for (const follower of this.#followers) {
      // One that does not keep up is told less often.
      if (!follower.response.writableNeedDrain) this.#send(follower, report, false);
    }
  }

  #current(): Report {
    return this.#final ?? this.#watch.snapshot(this.#watch.runningVerdict());
  }

  #send({ response, sent }: Follower, report: Report, isLast: boolean): void {
    const sections: Record<string, string> = {};
    for (const [id, { markup }] of renderSections(report)) {
      const text = markup.toString();
      if (sent.get(id) === text) continue;
      sent.set(id, text);
      sections[id] = text;
    }
    response.write(`data: ${JSON.stringify({ sections, isLast })}\n\n`);
  }

  #sendLast(follower: Follower, report: Report): Promise<void> {
    this.#send(follower, report, true);
    return this.#within((resolve) => follower.response.end(resolve));
  }

  #waitForFollowers(): Promise<void> {
    return this.#within((resolve) => {
      this.#onFollower = () => this.#expected === 0 && resolve();
    });
  }

  #within(act: (resolve: () => void) => void): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, LAST_WORD_MS);
      act(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}
